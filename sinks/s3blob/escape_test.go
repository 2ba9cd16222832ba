package s3blob

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzEscape: an escaped key can be unescaped, and a store accepts it.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"packs/ab/ab12.zst", "/a//b/../c/", "__0x2f__", "___0x2f__", "a\\b\n", "__0x", "./x", "__0xzz__0x2f__", "_", "__0x-1__"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, key string) {
		if !utf8.ValidString(key) {
			return // Go CDK lets none through
		}
		e := escapeKey(key)
		if got := unescapeKey(e); got != key {
			t.Errorf("%q became %q and then %q", key, e, got)
		}
		if strings.ContainsAny(e, "\\\n\x00") || strings.HasPrefix(e, "/") || strings.HasSuffix(e, "/") || strings.Contains(e, "//") || strings.Contains(e, "../") {
			t.Errorf("%q became %q", key, e)
		}
	})
}
