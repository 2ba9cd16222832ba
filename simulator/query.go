package simulator

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// defaultPage is how many elements a page has if nothing else is asked for.
const defaultPage = 10

// query is the options of a request.
type query struct {
	values     url.Values
	size       int // of a page
	skip       int
	fields     []string // of $select, in lower case; all if nil
	order      order
	ordered    bool
	descending bool
	filter     filter
	expand     []string // the ids of extended properties, as they were asked for
	count      bool
	hidden     bool
}

// options are those that an operation takes. What does not begin with $ is not looked at.
var options = map[Operation]string{
	OpUsers:       "$top $skiptoken $select $count",
	OpSettings:    "$select",
	OpFolders:     "$select $filter $top $skip $orderby $count $expand",
	OpFolder:      "$select $expand",
	OpFolderDelta: "$select $top $deltatoken $skiptoken $expand",
	OpItems:       "$select $filter $top $skip $orderby $count $expand",
	OpItem:        "$select $expand",
	OpItemDelta:   "$select $filter $top $orderby $deltatoken $skiptoken $expand",
}

// parseQuery reads the options of a request.
func parseQuery(c *call) (query, error) {
	values, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return query{}, refusal(http.StatusBadRequest, "BadRequest", "The query is malformed.")
	}
	q := query{values: url.Values{}}
	for key, vs := range values {
		name := strings.ToLower(key)
		if strings.HasPrefix(name, "$") && !slices.Contains(strings.Fields(options[c.op]), name) {
			return q, refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The query parameter '%s' is not supported.", clip(key))
		}
		if len(vs) > 1 || q.values.Has(name) {
			return q, refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery", "Query option '%s' was specified more than once, but it must be specified at most once.", clip(key))
		}
		q.values.Set(name, vs[0])
	}
	if err := q.parse(c); err != nil {
		return q, err
	}
	return q, nil
}

func (q *query) parse(c *call) (err error) {
	if q.size, err = q.pageSize(c); err != nil {
		return err
	}
	if q.skip, err = q.number("$skip", 0, 0); err != nil {
		return err
	}
	if q.fields, err = parseSelect(c.op, q.values); err != nil {
		return err
	}
	if err = q.parseOrder(c.op); err != nil {
		return err
	}
	if q.filter, err = parseFilter(c.op, q.values.Get("$filter")); err != nil {
		return err
	}
	if q.expand, err = parseExpand(q.values.Get("$expand")); err != nil {
		return err
	}
	q.count = strings.EqualFold(q.values.Get("$count"), "true")
	q.hidden = strings.EqualFold(q.values.Get("includehiddenfolders"), "true") || q.expands(propertyHidden)
	return nil
}

// number reads an option that is a number.
func (q *query) number(name string, least, otherwise int) (int, error) {
	text := q.values.Get(name)
	if !q.values.Has(name) {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil || int(n) < least {
		return 0, refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery",
			"Invalid value '%s' for %s query option found. The %[2]s query option requires a non-negative integer value.", clip(text), name)
	}
	return int(n), nil
}

// pageSize is what the request asks for, in one way or the other, but no more than the server's limit.
func (q *query) pageSize(c *call) (int, error) {
	otherwise := defaultPage
	if c.op == OpUsers {
		otherwise = 100
	}
	n, err := q.number("$top", 1, 0)
	if preferred := preferredSize(c.r.Header); preferred > 0 {
		n = min(preferred, orDefault(n, preferred))
	}
	return min(orDefault(n, otherwise), c.server.opts.MaxPageSize), err
}

// preferredSize reads "Prefer: odata.maxpagesize=n"; what is no number counts as nothing, as preferences may be ignored.
func preferredSize(h http.Header) int {
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

// parseOrder reads $orderby; items have two orders, and folders and deltas the one they come in.
func (q *query) parseOrder(op Operation) error {
	text := q.values.Get("$orderby")
	if text == "" {
		return nil
	}
	words := strings.Fields(text)
	field := strings.ToLower(words[0])
	direction := "asc"
	if len(words) == 2 {
		direction = strings.ToLower(words[1])
	}
	ok := len(words) <= 2 && (direction == "asc" || direction == "desc")
	switch {
	case !ok:
	case op == OpFolders:
		ok = field == "displayname"
	case field == "lastmodifieddatetime":
		q.order, ok = byChange, op == OpItems
	default:
		q.order, ok = byCreation, field == "receiveddatetime" || field == "createddatetime" && op == OpItems
	}
	if !ok {
		return refusal(http.StatusBadRequest, "ErrorInvalidUrlQuery", "The $orderby '%s' is not supported.", clip(text))
	}
	q.ordered, q.descending = true, direction == "desc"
	return nil
}

// link is the URL of the page that begins behind so many elements. It repeats the options, and names the folder by key as Graph does.
func (q *query) link(c *call, option, value string) string {
	var b strings.Builder
	b.WriteString(c.base() + c.resource())
	separator := byte('?')
	for _, name := range slices.Sorted(maps.Keys(q.values)) {
		if name == option {
			continue
		}
		b.WriteByte(separator)
		b.WriteString(escape(name) + "=" + escape(q.values.Get(name)))
		separator = '&'
	}
	b.WriteByte(separator)
	b.WriteString(escape(option) + "=" + escape(value))
	return b.String()
}

func escape(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
