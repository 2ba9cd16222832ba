package odata

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Filter is comparisons that must all be true.
type Filter []comparison

type comparison struct {
	field string // in lower case
	kind  Kind
	op    string // eq, gt and so on, in lower case
	text  string
	n     int64 // a number, or a time in Unix nanoseconds
}

// Entity is what a filter is applied to. Fields are in lower case.
type Entity interface {
	TextOf(field string) string
	NumberOf(field string) int64 // a number, or a time in Unix nanoseconds
}

// parseFilter reads comparisons that are joined by and.
func parseFilter(s *Schema, text string) (Filter, error) {
	if text == "" {
		return nil, nil
	}
	words, err := lex(text)
	if err != nil {
		return nil, badFilter(text)
	}
	var f Filter
	for len(words) > 0 {
		c, n, ok := parseComparison(s, words)
		if !ok || len(words) == n+1 || len(words) > n && !strings.EqualFold(words[n], "and") {
			return nil, badFilter(text)
		}
		f = append(f, c)
		words = words[min(n+1, len(words)):]
	}
	return f, nil
}

func badFilter(text string) error {
	return Errorf(http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", "The query filter '%s' contains one or more invalid nodes.", Clip(text))
}

// parseComparison reads one comparison, and returns how many words it has.
func parseComparison(s *Schema, words []string) (comparison, int, bool) {
	if c, n, ok := parseClass(s, words); ok {
		return c, n, true
	}
	if len(words) < 3 {
		return comparison{}, 0, false
	}
	field := strings.ToLower(words[0])
	c := comparison{field: field, kind: s.Filter[field], op: strings.ToLower(words[1])}
	if !strings.Contains(" eq ne gt ge lt le ", " "+c.op+" ") {
		return c, 0, false
	}
	var err error
	switch c.kind {
	case Text:
		c.text = unquote(words[2])
		return c, 3, words[2][0] == '\'' && (c.op == "eq" || c.op == "ne")
	case Number:
		c.n, err = strconv.ParseInt(words[2], 10, 64)
	case Time:
		var at time.Time
		at, err = time.Parse(time.RFC3339Nano, strings.ToUpper(words[2]))
		if at.Year() < 1700 || at.Year() > 2200 {
			err = errors.New("beyond what nanoseconds can express")
		}
		c.n = at.UnixNano()
	default:
		return c, 0, false
	}
	return c, 3, err == nil
}

// parseClass reads a comparison of the message class in the form of an extended property, which
// clients prefer.
func parseClass(s *Schema, words []string) (comparison, int, bool) {
	const form = "singlevalueextendedproperties/any ( p:p/id eq ? and p/value eq ? )"
	want := strings.Fields(form)
	if !s.ClassFilter || len(words) < len(want) {
		return comparison{}, 0, false
	}
	for i, w := range want {
		if w == "?" && words[i][0] != '\'' || w != "?" && !strings.EqualFold(w, words[i]) {
			return comparison{}, 0, false
		}
	}
	id, err := normalProperty(unquote(words[4]))
	return comparison{field: "type", kind: Text, op: "eq", text: unquote(words[8])}, len(want), err == nil && id == "String 0x1a"
}

// Uses reports whether the filter compares a property.
func (f Filter) Uses(field string) bool {
	return slices.ContainsFunc(f, func(c comparison) bool { return c.field == field })
}

// Matches reports whether all comparisons are true.
func (f Filter) Matches(e Entity) bool {
	for i := range f {
		if c := &f[i]; !c.matches(e) {
			return false
		}
	}
	return true
}

func (c *comparison) matches(e Entity) bool {
	if c.kind == Text {
		return strings.EqualFold(e.TextOf(c.field), c.text) == (c.op == "eq")
	}
	return c.compare(e.NumberOf(c.field))
}

// compare reports whether the comparison is true for a number.
func (c *comparison) compare(n int64) bool {
	switch c.op {
	case "eq":
		return n == c.n
	case "ne":
		return n != c.n
	case "gt":
		return n > c.n
	case "ge":
		return n >= c.n
	case "lt":
		return n < c.n
	}
	return n <= c.n
}

// Range replaces comparisons of certain fields by a range of positions in a list of length elements
// that is ordered by these fields. rank returns how many elements have a smaller value. The rest of
// the filter is left to compare.
func (f Filter) Range(fields []string, length int, rank func(n int64) int) (from, to int, rest Filter) {
	from, to = 0, length
	for _, c := range f {
		if c.op == "ne" || !slices.Contains(fields, c.field) {
			rest = append(rest, c)
			continue
		}
		switch c.op {
		case "gt":
			from = max(from, rank(c.n+1))
		case "ge", "eq":
			from = max(from, rank(c.n))
		}
		switch c.op {
		case "lt":
			to = min(to, rank(c.n))
		case "le", "eq":
			to = min(to, rank(c.n+1))
		}
	}
	return from, max(from, to), rest
}
