// Package paths reads, writes and matches the paths of folders.
package paths

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Parse reads a path: names joined by "/", where "\/" and "\\" stand for a slash and a backslash
// within a name.
func Parse(s string) ([]string, error) {
	var path []string
	var name strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '/':
			path = append(path, name.String())
			name.Reset()
		case c == '\\' && i+1 < len(s) && (s[i+1] == '/' || s[i+1] == '\\'):
			i++
			name.WriteByte(s[i])
		case c == '\\':
			return nil, fmt.Errorf(`folder path %q: a backslash must be followed by "/" or "\"`, s)
		default:
			name.WriteByte(c)
		}
	}
	return append(path, name.String()), nil
}

// Format returns the form that Parse reads.
func Format(path []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `/`, `\/`)
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = escape.Replace(name)
	}
	return strings.Join(names, "/")
}

// Match reports whether a path matches a pattern: names match by MatchName, and the name "**"
// matches any number of names. It goes back to the last "**" only: a later "**" can match
// whatever an earlier one could have matched.
func Match(pattern, path []string) bool {
	p, at, star, mark := 0, 0, -1, 0
	for at < len(path) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, mark = p, at
			p++
		case p < len(pattern) && MatchName(pattern[p], path[at]):
			p++
			at++
		case star >= 0:
			mark++
			p, at = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == "**" {
		p++
	}
	return p == len(pattern)
}

// MatchName reports whether a name matches a pattern in which "*" stands for any text and "?" for
// a character. As in Exchange, case does not count.
func MatchName(pattern, name string) bool {
	pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	p, at, star, mark := 0, 0, -1, 0
	for at < len(name) {
		_, size := utf8.DecodeRuneInString(name[at:])
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, at
			p++
		case p < len(pattern) && pattern[p] == '?':
			p++
			at += size
		case p < len(pattern) && pattern[p] == name[at]:
			p++
			at++
		case star >= 0:
			_, size := utf8.DecodeRuneInString(name[mark:])
			mark += size
			p, at = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
