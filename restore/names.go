package restore

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	maxName  = 80  // bytes of a folder's or a type's name; file systems accept 255
	maxDepth = 100 // nested folders; deeper ones are moved to the top
)

// folderNames returns a relative directory for each folder, by id, with "/" between the names.
// Names are safe on every common file system. No two folders share a directory, even where case
// does not count: a name that had to be changed, or that a sibling has too, ends with the first
// digits of the digest of the folder's id.
func folderNames(folders []manifest.Folder) map[string]string {
	byID := make(map[string]*manifest.Folder, len(folders))
	for i := range folders {
		byID[folders[i].ID] = &folders[i]
	}
	parent := func(f *manifest.Folder) string {
		if byID[f.ParentFolderID] == nil {
			return ""
		}
		return f.ParentFolderID
	}
	siblings := map[string]int{} // by parent and folded name
	fold := func(f *manifest.Folder) string { return parent(f) + "\x00" + folded(safeName(f.DisplayName)) }
	for i := range folders {
		siblings[fold(&folders[i])]++
	}
	own := make(map[string]string, len(folders))
	for i := range folders {
		f := &folders[i]
		name := safeName(f.DisplayName)
		if name != f.DisplayName || siblings[fold(f)] > 1 || looksSuffixed(name) {
			name += " ~" + shortHash(f.ID)
		}
		own[f.ID] = name
	}
	paths := make(map[string]string, len(folders))
	for id := range own {
		paths[id] = joinPath(id, own, byID)
	}
	return paths
}

// folded returns a form of a name that is the same for all names which a file system may treat as
// equal: some ignore case, or how characters are composed.
func folded(name string) string { return cases.Fold().String(norm.NFKC.String(name)) }

// joinPath returns the path of a folder. A folder that is its own ancestor, or is nested too
// deeply, is moved to the top, with its own name and a digest of its id.
func joinPath(id string, own map[string]string, byID map[string]*manifest.Folder) string {
	var names []string
	for at := id; byID[at] != nil; at = byID[at].ParentFolderID {
		if len(names) == maxDepth {
			return safeName(byID[id].DisplayName) + " ~" + shortHash("deep\x00"+id)
		}
		names = append([]string{own[at]}, names...)
	}
	return strings.Join(names, "/")
}

// looksSuffixed reports whether a name has the form of one that folderNames changed.
func looksSuffixed(name string) bool {
	i := strings.LastIndex(name, " ~")
	return i >= 0 && len(name)-i == 2+shortLength
}

// itemName returns the file name of an item: its creation time, its class, and the first digits of
// the digest of its id.
func itemName(row *manifest.Row) string {
	name := shortHash(row.ID) + ".fts"
	if row.Type != "" {
		name = safeName(row.Type) + " " + name
	}
	if !row.CreatedDateTime.IsZero() {
		name = row.CreatedDateTime.UTC().Format("2006-01-02T150405Z") + " " + name
	}
	return name
}

const shortLength = 16

func shortHash(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])[:shortLength]
}

// safeName returns a name that Windows, macOS and Linux accept for a directory: see
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file.
func safeName(name string) string {
	name = strings.Map(func(c rune) rune {
		if c == utf8.RuneError || unicode.IsControl(c) || unicode.Is(unicode.Cf, c) || strings.ContainsRune(`<>:"/\|?*`, c) {
			return '_'
		}
		return c
	}, name)
	for len(name) > maxName {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	if trimmed := strings.TrimRight(name, ". "); trimmed != name {
		name = trimmed + "_"
	}
	if trimmed := strings.TrimLeft(name, " "); trimmed != name || name == "" {
		name = "_" + trimmed
	}
	if isReserved(name) {
		name = "_" + name
	}
	return name
}

// isReserved reports whether the name is a device on Windows, whatever its extension.
func isReserved(name string) bool {
	base, _, _ := strings.Cut(name, ".")
	base = strings.ToUpper(strings.TrimRight(base, " "))
	switch base {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	rest, ok := strings.CutPrefix(base, "COM")
	if !ok {
		rest, ok = strings.CutPrefix(base, "LPT")
	}
	return ok && utf8.RuneCountInString(rest) == 1 && strings.ContainsAny(rest, "0123456789¹²³")
}
