package paths_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/pipeline/internal/paths"
)

func TestPaths(t *testing.T) {
	for s, want := range map[string][]string{
		"Inbox":     {"Inbox"},
		"Inbox/A/B": {"Inbox", "A", "B"},
		`A\/B/C`:    {"A/B", "C"},
		`A\\/B`:     {`A\`, "B"},
		"":          {""},
		"/":         {"", ""},
		`a\\\/b`:    {`a\/b`},
	} {
		got, err := paths.Parse(s)
		if err != nil {
			t.Errorf("%q: %v", s, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", s, diff)
		}
		if again := paths.Format(want); again != s {
			t.Errorf("%q is written %q", want, again)
		}
	}
	for _, s := range []string{`a\`, `a\b`} {
		if p, err := paths.Parse(s); err == nil {
			t.Errorf("%q was read as %q", s, p)
		}
	}
}

func FuzzPath(f *testing.F) {
	f.Add(`A\/B`, `C\`)
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := paths.Parse(paths.Format([]string{a, b}))
		if err != nil || !cmp.Equal(got, []string{a, b}) {
			t.Errorf("%q, %q became %q, %v", a, b, got, err)
		}
	})
}

func TestMatchName(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"IPM.Note", "ipm.note", true}, {"IPM.Note", "IPM.Note.SMIME", false}, {"IPM.Note*", "IPM.Note.SMIME", true},
		{"*", "", true}, {"", "", true}, {"", "a", false}, {"?", "ü", true}, {"?", "", false}, {"??", "ü", false},
		{"a*b*c", "aXbYc", true}, {"a*b*c", "abcbc", true}, {"a*b*c", "acb", false}, {"*.*", "a.b", true},
		{"Größe*", "GRÖSSE", false}, {"*übung", "Die Übung", true}, {"**", "x", true}, {"[a]", "a", false}, {"*?", "", false},
	} {
		if got := paths.MatchName(c.pattern, c.name); got != c.want {
			t.Errorf("%q matches %q: %t", c.pattern, c.name, got)
		}
	}
}

// FuzzMatchName compares the matcher with one that tries everything.
func FuzzMatchName(f *testing.F) {
	f.Add("a*b?c", "aXXbYc")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern) > 12 || len(name) > 16 || strings.ToValidUTF8(name, "") != name || strings.ToValidUTF8(pattern, "") != pattern {
			return
		}
		if got, want := paths.MatchName(pattern, name), tryAll([]rune(strings.ToLower(pattern)), []rune(strings.ToLower(name))); got != want {
			t.Errorf("%q matches %q: %t", pattern, name, got)
		}
	})
}

func tryAll(pattern, name []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(name) == 0
	case pattern[0] == '*':
		return tryAll(pattern[1:], name) || len(name) > 0 && tryAll(pattern, name[1:])
	case len(name) == 0:
		return false
	}
	return (pattern[0] == '?' || pattern[0] == name[0]) && tryAll(pattern[1:], name[1:])
}
