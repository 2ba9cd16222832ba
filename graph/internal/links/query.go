package links

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

func withQuery(target, query string) string {
	if query == "" {
		return target
	}
	return target + "?" + query
}

// Edit returns a link with another $top, if it has one, and without $expand unless that is to be
// kept. A size of 0 keeps $top.
func Edit(link string, size int, expand bool) string {
	path, query, _ := strings.Cut(link, "?")
	var kept []string
	for option := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(option, "=")
		name, _ = url.QueryUnescape(name)
		switch {
		case strings.EqualFold(name, "$expand") && !expand:
			continue
		case strings.EqualFold(name, "$top") && size > 0:
			option = "%24top=" + strconv.Itoa(size)
		}
		kept = append(kept, option)
	}
	return withQuery(path, strings.Join(kept, "&"))
}

// AddSkip returns a URL with a $skip of n elements.
func AddSkip(target string, n int) string {
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + "%24skip=" + strconv.Itoa(n)
}

// Skip returns the $skip of a link, or a negative number if it has none.
func Skip(link string) int {
	_, query, _ := strings.Cut(link, "?")
	values, _ := url.ParseQuery(query)
	for name := range values {
		if strings.EqualFold(name, "$skip") {
			if n, err := strconv.Atoi(values.Get(name)); err == nil && n >= 0 {
				return n
			}
		}
	}
	return -1
}

// HasToken reports whether a link has the token of a delta query. Without it, Graph lists
// everything, which a caller would take for changes.
func HasToken(link string) bool {
	u, err := url.Parse(link)
	if err != nil {
		return false
	}
	for name, values := range u.Query() {
		switch strings.TrimPrefix(strings.ToLower(name), "$") {
		case "deltatoken", "skiptoken":
			return slices.ContainsFunc(values, func(v string) bool { return v != "" })
		}
	}
	return false
}
