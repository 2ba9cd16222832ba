package pipeline

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/paths"
)

// ErrNoFolder is in the error of a run whose selection names a folder that the mailbox does not
// have.
var ErrNoFolder = errors.New("no such folder")

// A Selection limits a run. The zero value selects everything. A run with a selection commits a
// partial snapshot; held rows of what is left out stay as they are.
type Selection struct {
	// Folders limits the run to folders that match one of the patterns, and all folders below
	// these. Exclude leaves such folders out again. A pattern is a path (see ParsePath), in whose
	// names "*" stands for any text and "?" for a character, and the name "**" for any number of
	// folders; or a well-known name alone.
	Folders, Exclude [][]string

	// NoHidden leaves hidden folders out, and NoRecoverable the Recoverable Items, each with all
	// folders below.
	NoHidden, NoRecoverable bool

	// Types limits the run to items whose message class matches one of the patterns, such as
	// "IPM.Note" or "IPM.Schedule.*".
	Types []string

	// Since and Before limit the run to items with a createdDateTime of Since or later, and before
	// Before, if these are set.
	Since, Before time.Time
}

// ParsePath reads a folder's path: names joined by "/", where "\/" and "\\" stand for a slash and a
// backslash within a name.
func ParsePath(s string) ([]string, error) { return paths.Parse(s) }

// FormatPath returns the form that ParsePath reads.
func FormatPath(path []string) string { return paths.Format(path) }

// isAll reports whether the selection selects everything.
func (s *Selection) isAll() bool {
	return len(s.Folders)+len(s.Exclude)+len(s.Types) == 0 && !s.NoHidden && !s.NoRecoverable && s.Since.IsZero() && s.Before.IsZero()
}

// manifest returns the form that a snapshot has; nil if everything is selected.
func (s *Selection) manifest() *manifest.Selection {
	if s.isAll() {
		return nil
	}
	return &manifest.Selection{
		Folders: formatPaths(s.Folders), Exclude: formatPaths(s.Exclude), Types: s.Types,
		Since: s.Since.UTC(), Before: s.Before.UTC(), Hidden: !s.NoHidden, Recoverable: !s.NoRecoverable,
	}
}

func formatPaths(list [][]string) []string {
	var texts []string
	for _, p := range list {
		texts = append(texts, FormatPath(p))
	}
	return texts
}

// takes reports whether an item is selected.
func (s *Selection) takes(it *graph.Item) bool {
	if !s.Since.IsZero() && it.CreatedDateTime.Before(s.Since) || !s.Before.IsZero() && !it.CreatedDateTime.Before(s.Before) {
		return false
	}
	return len(s.Types) == 0 ||
		slices.ContainsFunc(s.Types, func(pattern string) bool { return paths.MatchName(pattern, it.Type) })
}

// sameItems reports whether the selection takes the same items of a folder as that of a snapshot.
func (s *Selection) sameItems(old *manifest.Selection) bool {
	if old == nil {
		old = &manifest.Selection{}
	}
	return slices.Equal(s.Types, old.Types) && s.Since.Equal(old.Since) && s.Before.Equal(old.Before)
}

// Reasons why a folder is left out.
const (
	leftOutFolders     = "not among the selected folders"
	leftOutExclude     = "excluded"
	leftOutHidden      = "hidden"
	leftOutRecoverable = "recoverable items"
)

// choose returns why folders are left out, by id. Folders that are not in the map are selected. It
// returns ErrNoFolder if no folder matches a pattern of Folders.
func (s *Selection) choose(folders []graph.Folder) (map[string]string, error) {
	for _, pattern := range s.Folders {
		if !slices.ContainsFunc(folders, func(f graph.Folder) bool { return matches(&f, pattern) }) {
			return nil, fmt.Errorf("folder %s: %w", FormatPath(pattern), ErrNoFolder)
		}
	}
	parents := make(map[string]string, len(folders))
	for i := range folders {
		parents[folders[i].ID] = folders[i].ParentFolderID
	}
	out := map[string]string{}
	// leave leaves out the folders that are below one of the matching folders, or, if below is
	// false, all others.
	leave := func(why string, below bool, match func(*graph.Folder) bool) {
		roots := map[string]bool{}
		for i := range folders {
			if match(&folders[i]) {
				roots[folders[i].ID] = true
			}
		}
		for i := range folders {
			if isBelow(folders[i].ID, roots, parents) == below {
				out[folders[i].ID] = why
			}
		}
	}
	if len(s.Folders) > 0 {
		leave(leftOutFolders, false, func(f *graph.Folder) bool { return matchesAny(f, s.Folders) })
	}
	leave(leftOutExclude, true, func(f *graph.Folder) bool { return matchesAny(f, s.Exclude) })
	if s.NoHidden {
		leave(leftOutHidden, true, func(f *graph.Folder) bool { return f.Hidden })
	}
	if s.NoRecoverable {
		leave(leftOutRecoverable, true, isRecoverable)
	}
	return out, nil
}

// isBelow reports whether a folder, or a folder above it, is in roots. It ends in a tree that is a
// ring, too.
func isBelow(id string, roots map[string]bool, parents map[string]string) bool {
	if len(roots) == 0 {
		return false
	}
	for range len(parents) + 1 {
		if roots[id] {
			return true
		}
		parent, ok := parents[id]
		if !ok {
			return false
		}
		id = parent
	}
	return false
}

func matchesAny(f *graph.Folder, patterns [][]string) bool {
	return slices.ContainsFunc(patterns, func(p []string) bool { return matches(f, p) })
}

// matches reports whether a folder matches a pattern. As in Exchange, case does not count.
func matches(f *graph.Folder, pattern []string) bool {
	if len(pattern) == 1 && f.WellKnownName != "" && strings.EqualFold(pattern[0], f.WellKnownName) {
		return true
	}
	return paths.Match(pattern, f.Path)
}

// isRecoverable reports whether the folder is one of the Recoverable Items, which have well-known
// names in primary mailboxes.
func isRecoverable(f *graph.Folder) bool {
	return strings.HasPrefix(strings.ToLower(f.WellKnownName), "recoverableitems")
}
