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

// sameItems reports whether the selection selects the same items of a folder as the selection of a
// snapshot.
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
	out := map[string]string{}
	leaveOut := func(why string, match func(*graph.Folder) bool) {
		for id := range matching(folders, match) {
			out[id] = why
		}
	}
	if len(s.Folders) > 0 {
		selected := matching(folders, func(f *graph.Folder) bool { return matchesAny(f, s.Folders) })
		for i := range folders {
			if !selected[folders[i].ID] {
				out[folders[i].ID] = leftOutFolders
			}
		}
	}
	leaveOut(leftOutExclude, func(f *graph.Folder) bool { return matchesAny(f, s.Exclude) })
	if s.NoHidden {
		leaveOut(leftOutHidden, func(f *graph.Folder) bool { return f.Hidden })
	}
	if s.NoRecoverable {
		leaveOut(leftOutRecoverable, isRecoverable)
	}
	return out, nil
}

// matching returns the ids of the folders that match, and of all folders below them. It ends in a
// tree that is a ring, too.
func matching(folders []graph.Folder, match func(*graph.Folder) bool) map[string]bool {
	ids, children := map[string]bool{}, map[string][]string{}
	var add func(id string)
	add = func(id string) {
		if ids[id] {
			return
		}
		ids[id] = true
		for _, child := range children[id] {
			add(child)
		}
	}
	for i := range folders {
		parent := folders[i].ParentFolderID
		children[parent] = append(children[parent], folders[i].ID)
	}
	for i := range folders {
		if match(&folders[i]) {
			add(folders[i].ID)
		}
	}
	return ids
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
