package restore

import (
	"fmt"
	"math/rand/v2"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
)

var hostileNames = []string{
	"", ".", "..", "...", " ", "  x", "x ", "x.", "a/b", `a\b`, "/etc/passwd", `C:\x`, "../../x", "CON", "con", "nul.txt", "COM1", "com¹.log", "LPT9 .x",
	"a:b", "a*b?", "<>|\"", "tab\there", "new\nline", "nul\x00byte", "\u202Ereversed", "Ünï", "ünï", "u\u0308ni\u0308", "Straße", "STRASSE", "INBOX", "inbox", "Inbox ~0123456789abcdef",
	strings.Repeat("x", 300), strings.Repeat("長", 200), "\xff\xfe", "conin$", "~", "-rf",
}

// isSafe says what a name must be on every common file system.
func isSafe(name string) bool {
	return name != "" && name != "." && name != ".." && len(name) <= 120 && !strings.ContainsAny(name, "/\\<>:\"|?*\x00\n\t") &&
		!strings.HasSuffix(name, ".") && !strings.HasSuffix(name, " ") && !strings.HasPrefix(name, " ") && !isReserved(name)
}

func TestSafeName(t *testing.T) {
	for _, name := range hostileNames {
		if got := safeName(name); !isSafe(got) || safeName(got) != got {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func FuzzSafeName(f *testing.F) {
	for _, name := range hostileNames {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if got := safeName(name); !isSafe(got) {
			t.Errorf("%q became %q", name, got)
		}
	})
}

// TestFolderNames makes trees of hostile names, with rings and parents that are not
// there: no two folders share a directory, even where case does not count.
func TestFolderNames(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 300 {
		var folders []manifest.Folder
		for i := range 1 + rng.IntN(25) {
			folders = append(folders, manifest.Folder{
				ID: fmt.Sprint("id", i), ParentFolderID: fmt.Sprint("id", rng.IntN(30)), DisplayName: hostileNames[rng.IntN(len(hostileNames))],
			})
		}
		names := folderNames(folders)
		taken := map[string]string{}
		for id, name := range names {
			if other, ok := taken[folded(name)]; ok {
				t.Fatalf("folders %s and %s both lie in %q", id, other, name)
			}
			taken[folded(name)] = id
			for _, part := range strings.Split(name, "/") {
				if !isSafe(part) {
					t.Fatalf("folder %s lies in %q", id, name)
				}
			}
			if path.Clean(name) != name || path.IsAbs(name) {
				t.Fatalf("folder %s lies in %q", id, name)
			}
		}
		if len(names) != len(folders) {
			t.Fatalf("%d of %d folders have a directory", len(names), len(folders))
		}
	}
}

func TestItemName(t *testing.T) {
	row := &manifest.Row{ID: "AQMk/=", Type: "../IPM\\Note", CreatedDateTime: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	if got, want := itemName(row), "2026-01-02T030405Z .._IPM_Note "; !strings.HasPrefix(got, want) || !isSafe(got) {
		t.Errorf("name is %q", got)
	}
	if a, b := itemName(&manifest.Row{ID: "a"}), itemName(&manifest.Row{ID: "A"}); strings.EqualFold(a, b) || !isSafe(a) {
		t.Errorf("names are %q and %q", a, b)
	}
}
