package odata

import (
	"net/url"
	"strings"
)

// SplitPath returns the unescaped segments of a path. A key in parentheses is a segment of its own:
// folders('x') is folders/x.
func SplitPath(path string) ([]string, error) {
	var segments []string
	for raw := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		s, err := url.PathUnescape(raw)
		if err != nil {
			return nil, err
		}
		name, key, ok := strings.Cut(s, "(")
		if !ok || !strings.HasSuffix(key, ")") || !isName(name) {
			segments = append(segments, s)
			continue
		}
		segments = append(segments, name)
		if key = strings.TrimSuffix(key, ")"); key != "" {
			segments = append(segments, unquote(key))
		}
	}
	return segments, nil
}

// isName reports whether a segment can be the name of a collection or a function.
func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < 'A' || r > 'z' })
}

// Key returns a key in the form in which links have it: ('x').
func Key(key string) string {
	return "('" + url.PathEscape(strings.ReplaceAll(key, "'", "''")) + "')"
}

// unquote removes the quotes of an OData string.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '\'' || s[len(s)-1] != '\'' {
		return s
	}
	return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
}
