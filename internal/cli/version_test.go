package cli

import "testing"

func TestRelease(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for want, b := range map[string]build{
		"devel":                                 {Version: "devel", Modified: true},
		"devel (commit 0123456789ab)":           {Version: "devel", Commit: commit},
		"devel (commit 0123456789ab, modified)": {Version: "devel", Commit: commit, Modified: true},
		"v1.2.3 (commit 0123456789ab)":          {Version: "v1.2.3", Commit: commit},
		"v0.0.0-20261125014618-0123456789ab":    {Version: "v0.0.0-20261125014618-0123456789ab", Commit: commit},
	} {
		if got := b.release(); got != want {
			t.Errorf("%+v is %q; want %q", b, got, want)
		}
	}
}
