package odata

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Query is the query options of a request.
type Query struct {
	Size       int // of a page
	Skip       int
	Count      bool
	OrderBy    string // a property in lower case; empty if the request names none
	Descending bool
	Filter     Filter
	Expand     []string // normal ids of extended properties, such as "String 0x37"

	values url.Values // by name in lower case
	fields []string   // of $select, in lower case; nil means all
}

// ParseQuery reads the options in a URL's raw query and the page size in the header. Pages have at
// most maxSize elements.
func ParseQuery(s *Schema, rawQuery string, h http.Header, maxSize int) (Query, error) {
	values, err := url.ParseQuery(rawQuery)
	if err != nil {
		return Query{}, Errorf(http.StatusBadRequest, "BadRequest", "The query is malformed.")
	}
	named := url.Values{}
	for _, key := range slices.Sorted(maps.Keys(values)) {
		name := strings.ToLower(key)
		if strings.HasPrefix(name, "$") && !slices.Contains(s.Options, name) {
			return Query{}, badOption("The query parameter '%s' is not supported.", Clip(key))
		}
		if len(values[key]) > 1 || named.Has(name) {
			return Query{}, badOption("Query option '%s' was specified more than once, but it must be specified at most once.", Clip(key))
		}
		named.Set(name, values[key][0])
	}
	return ParseValues(s, named, h, maxSize)
}

// ParseValues is like [ParseQuery] for options that [Query.Values] returned.
func ParseValues(s *Schema, values url.Values, h http.Header, maxSize int) (q Query, err error) {
	q.values = values
	if q.Size, err = q.pageSize(s, h, maxSize); err != nil {
		return q, err
	}
	if q.Skip, err = q.Int("$skip", 0, 0); err != nil {
		return q, err
	}
	if q.fields, err = parseSelect(s, values.Get("$select")); err != nil {
		return q, err
	}
	if err = q.parseOrder(s); err != nil {
		return q, err
	}
	if q.Filter, err = parseFilter(s, values.Get("$filter")); err != nil {
		return q, err
	}
	if q.Expand, err = parseExpand(values.Get("$expand")); err != nil {
		return q, err
	}
	q.Count = q.Bool("$count")
	return q, nil
}

func badOption(format string, args ...any) error {
	return Errorf(http.StatusBadRequest, "ErrorInvalidUrlQuery", format, args...)
}

// Values returns the options by name in lower case. The caller may change them only to parse them
// again.
func (q *Query) Values() url.Values { return q.values }

// Bool reports whether an option is true.
func (q *Query) Bool(name string) bool { return strings.EqualFold(q.values.Get(name), "true") }

// Int returns an option that is a number of at least min, or otherwise if the request does not have
// it.
func (q *Query) Int(name string, min, otherwise int) (int, error) {
	text := q.values.Get(name)
	if !q.values.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || int(n) < min {
		return 0, badOption("Invalid value '%s' for %s query option found. The %[2]s query option requires a non-negative integer value.", Clip(text), name)
	}
	return int(n), nil
}

// Selects reports whether the answer has a property; its name is in lower case.
func (q *Query) Selects(field string) bool {
	return q.fields == nil || slices.Contains(q.fields, field)
}

// HasSelect reports whether the request has a $select.
func (q *Query) HasSelect() bool { return q.fields != nil }

// Expands reports whether the answer has an extended property; its id is normal.
func (q *Query) Expands(id string) bool { return slices.Contains(q.Expand, id) }

// pageSize returns the smaller one of $top and the preferred size, or the schema's, but at most
// maxSize.
func (q *Query) pageSize(s *Schema, h http.Header, maxSize int) (int, error) {
	n, err := q.Int("$top", 1, 0)
	if preferred := PreferredSize(h); preferred > 0 && (n == 0 || preferred < n) {
		n = preferred
	}
	if n == 0 {
		n = s.PageSize
	}
	return min(n, maxSize), err
}

// PreferredSize reads "Prefer: odata.maxpagesize=n". It returns 0 for anything else: a preference
// may be ignored.
func PreferredSize(h http.Header) int {
	for _, line := range h.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			name, value, _ := strings.Cut(strings.TrimSpace(preference), "=")
			n, err := strconv.ParseUint(strings.Trim(value, `"`), 10, 31)
			if err == nil && strings.EqualFold(strings.TrimPrefix(strings.ToLower(name), "odata."), "maxpagesize") {
				return int(n)
			}
		}
	}
	return 0
}

// parseSelect reads $select into names in lower case; nil means all.
func parseSelect(s *Schema, text string) ([]string, error) {
	if text == "" {
		return nil, nil
	}
	var fields []string
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		field := strings.ToLower(name)
		if !slices.Contains(s.Select, field) {
			return nil, badExpression("Could not find a property named '%s' on type 'microsoft.graph.%s'.", Clip(name), s.Type)
		}
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	return fields, nil
}

// parseOrder reads $orderby, which names one property and perhaps a direction.
func (q *Query) parseOrder(s *Schema) error {
	text := q.values.Get("$orderby")
	if text == "" {
		return nil
	}
	words := strings.Fields(strings.ToLower(text))
	if len(words) == 1 {
		words = append(words, "asc")
	}
	if len(words) != 2 || !slices.Contains(s.OrderBy, words[0]) || words[1] != "asc" && words[1] != "desc" {
		return badOption("The $orderby '%s' is not supported.", Clip(text))
	}
	q.OrderBy, q.Descending = words[0], words[1] == "desc"
	return nil
}

// Link returns a URL with the options of the query, except that option has value.
func (q *Query) Link(url, option, value string) string {
	var b strings.Builder
	b.WriteString(url)
	separator := byte('?')
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if name == option {
			continue
		}
		b.WriteByte(separator)
		b.WriteString(Escape(name) + "=" + Escape(q.values.Get(name)))
		separator = '&'
	}
	b.WriteByte(separator)
	b.WriteString(Escape(option) + "=" + Escape(value))
	return b.String()
}

// Escape escapes a name or a value of a query.
func Escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
