package pipeline

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/mailhaul/mailhaul/graph"
)

// ParsePath reads a folder's path: names joined by "/", where "\/" and "\\"
// stand for a slash and a backslash within a name.
func ParsePath(s string) ([]string, error) {
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
			return nil, fmt.Errorf(`folder path %q: a backslash stands before "/" or "\" only`, s)
		default:
			name.WriteByte(c)
		}
	}
	return append(path, name.String()), nil
}

// FormatPath returns the form that ParsePath reads.
func FormatPath(path []string) string {
	escape := strings.NewReplacer(`\`, `\\`, `/`, `\/`)
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = escape.Replace(name)
	}
	return strings.Join(names, "/")
}

func matchesAny(f *graph.Folder, patterns [][]string) bool {
	for _, p := range patterns {
		if matches(f, p) {
			return true
		}
	}
	return false
}

// matches holds a folder against a pattern; as in Exchange, case does not count.
func matches(f *graph.Folder, pattern []string) bool {
	if len(pattern) == 1 && f.WellKnownName != "" && strings.EqualFold(pattern[0], f.WellKnownName) {
		return true
	}
	return matchPath(pattern, f.Path)
}

// matchPath holds a path against a pattern: names by name, "**" against any
// number of them. It remembers the last "**" only: a later one can always take over
// what an earlier one might have matched.
func matchPath(pattern, path []string) bool {
	p, at, star, mark := 0, 0, -1, 0
	for at < len(path) {
		switch {
		case p < len(pattern) && pattern[p] == "**":
			star, mark = p, at
			p++
		case p < len(pattern) && matchName(pattern[p], path[at]):
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

// matchName holds a name against a pattern with "*" and "?".
func matchName(pattern, name string) bool {
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

// A folderTree answers what lies beneath what.
type folderTree struct {
	folders []graph.Folder
	parents map[string]string
}

func newFolderTree(folders []graph.Folder) *folderTree {
	t := &folderTree{folders: folders, parents: make(map[string]string, len(folders))}
	for i := range folders {
		t.parents[folders[i].ID] = folders[i].ParentFolderID
	}
	return t
}

func (t *folderTree) roots(is func(*graph.Folder) bool) map[string]bool {
	roots := map[string]bool{}
	for i := range t.folders {
		if is(&t.folders[i]) {
			roots[t.folders[i].ID] = true
		}
	}
	return roots
}

// beneath reports whether id or a folder above it is one of roots. A tree that
// is a ring ends after as many steps as there are folders.
func (t *folderTree) beneath(id string, roots map[string]bool) bool {
	if len(roots) == 0 {
		return false
	}
	for range len(t.parents) + 1 {
		if roots[id] {
			return true
		}
		parent, ok := t.parents[id]
		if !ok {
			return false
		}
		id = parent
	}
	return false
}
