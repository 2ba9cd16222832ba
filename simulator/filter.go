package simulator

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// filter is what all of must hold.
type filter []term

// term compares a property.
type term struct {
	field string // in lower case
	op    string // eq, gt and so on, in lower case
	text  string
	n     int64 // a number, or a time in Unix nanoseconds
}

// filterFields tells what a property is compared with: t time, s string, n number.
var filterFields = map[Operation]map[string]byte{
	OpFolders:   {"displayname": 's', "type": 's', "wellknownname": 's', "totalitemcount": 'n'},
	OpItems:     {"createddatetime": 't', "receiveddatetime": 't', "lastmodifieddatetime": 't', "type": 's', "size": 'n'},
	OpItemDelta: {"receiveddatetime": 't'},
}

// lex splits an OData expression into words, strings with their quotes, and marks.
func lex(s string) ([]string, error) {
	var all []string
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		n := 1
		switch {
		case s[0] == '\'':
			if n = stringEnd(s); n < 0 {
				return nil, errors.New("a string does not end")
			}
		case s[0] == '(' || s[0] == ')':
		default:
			if n = strings.IndexAny(s, " \t\r\n()'"); n < 0 {
				n = len(s)
			}
		}
		all, s = append(all, s[:n]), s[n:]
	}
	return all, nil
}

// stringEnd is where the string ends that s begins with; two quotes stand for one.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			continue
		}
		if i+1 == len(s) || s[i+1] != '\'' {
			return i + 1
		}
		i++
	}
	return -1
}

// parseFilter reads comparisons joined by and.
func parseFilter(op Operation, text string) (filter, error) {
	if text == "" {
		return nil, nil
	}
	words, err := lex(text)
	if err != nil {
		return nil, badFilter(text)
	}
	var f filter
	for len(words) > 0 {
		t, n, ok := parseTerm(op, words)
		if !ok || len(words) == n+1 || len(words) > n && !strings.EqualFold(words[n], "and") {
			return nil, badFilter(text)
		}
		f = append(f, t)
		words = words[min(n+1, len(words)):]
	}
	return f, nil
}

func badFilter(text string) error {
	return refusal(http.StatusBadRequest, "ErrorInvalidUrlQueryFilter", "The query filter '%s' contains one or more invalid nodes.", clip(text))
}

// parseTerm reads one comparison and says how many words it took.
func parseTerm(op Operation, words []string) (term, int, bool) {
	if t, n, ok := classTerm(op, words); ok {
		return t, n, true
	}
	if len(words) < 3 {
		return term{}, 0, false
	}
	t := term{field: strings.ToLower(words[0]), op: strings.ToLower(words[1])}
	if !strings.Contains(" eq ne gt ge lt le ", " "+t.op+" ") {
		return t, 0, false
	}
	var err error
	switch filterFields[op][t.field] {
	case 's':
		t.text = unquote(words[2])
		return t, 3, words[2][0] == '\'' && (t.op == "eq" || t.op == "ne")
	case 'n':
		t.n, err = strconv.ParseInt(words[2], 10, 64)
	case 't':
		var at time.Time
		at, err = time.Parse(time.RFC3339Nano, strings.ToUpper(words[2]))
		if at.Year() < 1700 || at.Year() > 2200 {
			err = errors.New("beyond what counts in nanoseconds")
		}
		t.n = at.UnixNano()
	default:
		return t, 0, false
	}
	return t, 3, err == nil
}

// classTerm reads the way to ask for a message class by extended property, which is the one that clients use.
func classTerm(op Operation, words []string) (term, int, bool) {
	const form = "singlevalueextendedproperties/any ( p:p/id eq ? and p/value eq ? )"
	want := strings.Fields(form)
	if op != OpItems || len(words) < len(want) {
		return term{}, 0, false
	}
	for i, w := range want {
		if w == "?" && words[i][0] != '\'' || w != "?" && !strings.EqualFold(w, words[i]) {
			return term{}, 0, false
		}
	}
	id, err := normalProperty(unquote(words[4]))
	return term{field: "type", op: "eq", text: unquote(words[8])}, len(want), err == nil && id == "String 0x1a"
}

// compare tells whether a number stands to the term's as it says.
func (t *term) compare(n int64) bool {
	switch t.op {
	case "eq":
		return n == t.n
	case "ne":
		return n != t.n
	case "gt":
		return n > t.n
	case "ge":
		return n >= t.n
	case "lt":
		return n < t.n
	}
	return n <= t.n
}

func (t *term) equal(s string) bool { return strings.EqualFold(s, t.text) == (t.op == "eq") }

// matches tells whether an item passes.
func (f filter) matches(it *item) bool {
	for i := range f {
		ok := false
		switch t := &f[i]; t.field {
		case "type":
			ok = t.equal(it.class)
		case "size":
			ok = t.compare(it.reported)
		case "lastmodifieddatetime":
			ok = t.compare(it.modified.UnixNano())
		default:
			ok = t.compare(it.created.UnixNano())
		}
		if !ok {
			return false
		}
	}
	return true
}

// bounds splits the filter: what a view's order answers becomes a range of positions, the rest is to be compared item by item.
func (f filter) bounds(v *view) (from, to int, rest filter) {
	from, to = 0, v.len()
	for _, t := range f {
		byTime := t.field == "lastmodifieddatetime" && v.order == byChange ||
			(t.field == "createddatetime" || t.field == "receiveddatetime") && v.order == byCreation
		if !byTime || t.op == "ne" {
			rest = append(rest, t)
			continue
		}
		if t.op == "gt" || t.op == "ge" || t.op == "eq" {
			from = max(from, v.rank(t.n+boolToInt(t.op == "gt"), 0))
		}
		if t.op == "lt" || t.op == "le" || t.op == "eq" {
			to = min(to, v.rank(t.n+boolToInt(t.op != "lt"), 0))
		}
	}
	return from, max(from, to), rest
}

func boolToInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
