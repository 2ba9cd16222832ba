package pipeline

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// ErrNoFolder is in the error of a run that is limited to a folder which the
// mailbox does not have.
var ErrNoFolder = errors.New("no such folder")

// A Selection limits a run. The zero value takes everything. A run with a
// selection commits a partial snapshot; rows that are held of what is left out
// stay as they are.
type Selection struct {
	// Folders limits the run to folders that match one of the patterns, and
	// all beneath them; Exclude leaves such folders out again. A pattern is a path
	// (see ParsePath) whose names may hold "*" for any text and "?" for a
	// character, and "**" as a name for any number of folders; or a well-known
	// name alone.
	Folders, Exclude [][]string

	// NoHidden leaves hidden folders out, and NoRecoverable the Recoverable
	// Items, each with all beneath.
	NoHidden, NoRecoverable bool

	// Types limits the run to items whose message class matches one of the
	// patterns, such as "IPM.Note" or "IPM.Schedule.*".
	Types []string

	// Since and Before limit the run to items with a createdDateTime from
	// Since on and before Before, where these are set.
	Since, Before time.Time
}

// all reports whether the selection takes everything.
func (s *Selection) all() bool {
	return len(s.Folders)+len(s.Exclude)+len(s.Types) == 0 && !s.NoHidden && !s.NoRecoverable && s.allTimes()
}

func (s *Selection) allTimes() bool { return s.Since.IsZero() && s.Before.IsZero() }

// manifest returns the form that a snapshot tells of; nil if everything is taken.
func (s *Selection) manifest() *manifest.Selection {
	if s.all() {
		return nil
	}
	return &manifest.Selection{
		Folders: formatPaths(s.Folders), Exclude: formatPaths(s.Exclude), Types: s.Types,
		Since: s.Since.UTC(), Before: s.Before.UTC(), Hidden: !s.NoHidden, Recoverable: !s.NoRecoverable,
	}
}

func formatPaths(paths [][]string) []string {
	var texts []string
	for _, p := range paths {
		texts = append(texts, FormatPath(p))
	}
	return texts
}

// takes reports whether an item is selected.
func (s *Selection) takes(it *graph.Item) bool {
	switch {
	case !s.Since.IsZero() && it.CreatedDateTime.Before(s.Since),
		!s.Before.IsZero() && !it.CreatedDateTime.Before(s.Before):
		return false
	case len(s.Types) == 0:
		return true
	}
	for _, pattern := range s.Types {
		if matchName(pattern, it.Type) {
			return true
		}
	}
	return false
}

// sameItems reports whether the selection takes the same items of a folder as the
// one of a snapshot did.
func (s *Selection) sameItems(old *manifest.Selection) bool {
	if old == nil {
		old = &manifest.Selection{}
	}
	return strings.Join(s.Types, "\x00") == strings.Join(old.Types, "\x00") &&
		s.Since.Equal(old.Since) && s.Before.Equal(old.Before)
}

// Reasons why a folder is left out.
const (
	leftOutFolders     = "not among the selected folders"
	leftOutExclude     = "excluded"
	leftOutHidden      = "hidden"
	leftOutRecoverable = "recoverable items"
)

// choose returns why each folder is left out, by id; those that are not in it are
// taken. A pattern of Folders that no folder matches is ErrNoFolder.
func (s *Selection) choose(folders []graph.Folder) (map[string]string, error) {
	t := newFolderTree(folders)
	out := map[string]string{}
	leave := func(why string, is func(*graph.Folder) bool) {
		roots := t.roots(is)
		for i := range folders {
			if t.beneath(folders[i].ID, roots) {
				out[folders[i].ID] = why
			}
		}
	}
	if len(s.Folders) > 0 {
		if err := s.checkFolders(folders); err != nil {
			return nil, err
		}
		roots := t.roots(func(f *graph.Folder) bool { return matchesAny(f, s.Folders) })
		for i := range folders {
			if !t.beneath(folders[i].ID, roots) {
				out[folders[i].ID] = leftOutFolders
			}
		}
	}
	leave(leftOutExclude, func(f *graph.Folder) bool { return matchesAny(f, s.Exclude) })
	if s.NoHidden {
		leave(leftOutHidden, func(f *graph.Folder) bool { return f.Hidden })
	}
	if s.NoRecoverable {
		leave(leftOutRecoverable, isRecoverable)
	}
	return out, nil
}

func (s *Selection) checkFolders(folders []graph.Folder) error {
	for _, pattern := range s.Folders {
		found := false
		for i := range folders {
			found = found || matches(&folders[i], pattern)
		}
		if !found {
			return fmt.Errorf("folder %s: %w", FormatPath(pattern), ErrNoFolder)
		}
	}
	return nil
}

// isRecoverable reports whether the folder is one of the Recoverable Items, which
// have well-known names in primary mailboxes.
func isRecoverable(f *graph.Folder) bool {
	return strings.HasPrefix(strings.ToLower(f.WellKnownName), "recoverableitems")
}
