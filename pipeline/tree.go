package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// A tree has the folders of a mailbox.
type tree struct {
	folders []*folder // as they were when the run began
	byDelta bool      // a delta query lists all folders

	mu  sync.Mutex
	ids map[string]bool // of the folders that exist
}

// contains reports whether the mailbox has the folder.
func (t *tree) contains(id string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.ids[id]
}

// remove removes a folder that was deleted since the tree was listed.
func (t *tree) remove(id string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.ids, id)
}

// listFolders lists the folders and selects those to list.
func (l *listing) listFolders(ctx context.Context) error {
	w := l.clock.Start()
	defer w.End()
	var listed []graph.Folder
	err := w.Await(func() (err error) {
		listed, err = l.listTree(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("list folders: %w", err)
	}
	leftOut, err := l.opts.Selection.choose(listed)
	if err != nil {
		return err
	}
	before := map[string]*manifest.Folder{}
	for _, f := range l.parent.Folders {
		before[f.ID] = l.continuable(f)
	}
	l.tree.ids = make(map[string]bool, len(listed))
	for i := range listed {
		f := &folder{Folder: listed[i], before: before[listed[i].ID], leftOut: leftOut[listed[i].ID], err: listed[i].ChildrenErr}
		l.tree.folders = append(l.tree.folders, f)
		l.tree.ids[f.ID] = true
		if f.leftOut == "" {
			l.opts.Progress.Expected.Add(int64(f.TotalItemCount))
		}
	}
	return nil
}

// continuable returns what the run may use from a folder of the last snapshot: not its links, if
// its listing left items out that this run selects.
func (l *listing) continuable(f manifest.Folder) *manifest.Folder {
	leftOut := f.ItemsLeftOut > 0 || f.Listing != nil && f.Listing.ItemsLeftOut > 0
	if leftOut && !l.opts.Selection.sameItems(l.parent.Selection) {
		f.DeltaLink, f.ListedThrough, f.Listing = "", time.Time{}, nil
	}
	return &f
}

// listTree lists all folders, with Graph's counts of their items: by a delta query if that is known
// to show all folders, and otherwise folder by folder.
func (l *listing) listTree(ctx context.Context) ([]graph.Folder, error) {
	if l.parent.FolderDelta && !l.opts.Full {
		folders, err := l.listByDelta(ctx)
		if err == nil || !errors.Is(err, errManyNew) && !errors.Is(err, graph.ErrResync) && !errors.Is(err, graph.ErrNoDelta) {
			return folders, err
		}
		l.log.Info("folders are listed one by one", "error", err)
	}
	byDelta, err := l.job.Source.FolderDelta(ctx)
	if err != nil && !errors.Is(err, graph.ErrNoDelta) && !errors.Is(err, graph.ErrResync) {
		return nil, err
	}
	folders, err := l.job.Source.Folders(ctx)
	switch {
	case err == nil:
		l.tree.byDelta = agree(byDelta, folders)
	case len(byDelta) > 0 && !l.isMailboxError(ctx, err):
		l.log.Warn("folders are listed by a delta query alone", "error", err)
		folders = slices.DeleteFunc(slices.Clone(byDelta), func(f graph.Folder) bool { return f.Search })
	default:
		return nil, err
	}
	byID := foldersByID(folders)
	if l.tree.byDelta {
		dropErrors(byID) // the delta query shows what could not be listed
	}
	missed, err := l.addMissed(ctx, byID, append(l.parentIDs(), folderIDs(byDelta)...), rootOf(folders))
	if missed > 0 {
		l.log.Warn("the listing of folders missed some", "folders", missed)
	}
	return graph.Tree(byID), err
}

func dropErrors(byID map[string]graph.Folder) {
	for id, f := range byID {
		f.ChildrenErr = nil
		byID[id] = f
	}
}

// agree reports whether a delta query showed all listed folders, with the same counts except for a
// few that may have changed in between.
func agree(byDelta, listed []graph.Folder) bool {
	shown, other := foldersByID(byDelta), 0
	for i := range listed {
		f, ok := shown[listed[i].ID]
		if !ok {
			return false
		}
		if f.TotalItemCount != listed[i].TotalItemCount {
			other++
		}
	}
	return other <= 1+len(listed)/20
}

func foldersByID(folders []graph.Folder) map[string]graph.Folder {
	byID := make(map[string]graph.Folder, len(folders))
	for _, f := range folders {
		byID[f.ID] = f
	}
	return byID
}

func folderIDs(folders []graph.Folder) []string {
	ids := make([]string, len(folders))
	for i := range folders {
		ids[i] = folders[i].ID
	}
	return ids
}

// parentIDs returns the ids of the last snapshot's folders.
func (l *listing) parentIDs() (ids []string) {
	for _, f := range l.parent.Folders {
		ids = append(ids, f.ID)
	}
	return ids
}

// addMissed adds the folders among others that exist although a listing did not show them, and
// returns their number. A folder is gone only if Graph says so of this folder.
func (l *listing) addMissed(ctx context.Context, byID map[string]graph.Folder, others []string, root string) (missed int, err error) {
	for _, id := range others {
		if _, ok := byID[id]; ok || id == root {
			continue
		}
		f, err := l.job.Source.Folder(ctx, id)
		if err != nil && !errors.Is(err, graph.ErrFolderGone) {
			known, ok := l.parent.folder(id)
			if !ok || l.isMailboxError(ctx, err) {
				return 0, err
			}
			f, f.ChildrenErr, err = known, err, nil
		}
		if err == nil && !f.Search {
			byID[id] = f
			missed++
		}
	}
	return missed, nil
}

// rootOf returns the id of the root folder, which no listing shows: the parent of most folders
// whose parent is not listed.
func rootOf(folders []graph.Folder) (root string) {
	listed, children := foldersByID(folders), map[string]int{}
	for i := range folders {
		parent := folders[i].ParentFolderID
		if _, ok := listed[parent]; ok {
			continue
		}
		if children[parent]++; children[parent] > children[root] {
			root = parent
		}
	}
	return root
}

// errManyNew is returned for a delta query that shows more than maxNewFolders new folders.
var errManyNew = errors.New("many folders are new")

// maxNewFolders is the number of new folders up to which they are requested one by one.
const maxNewFolders = 50

// listByDelta lists the folders by a delta query. Properties that this does not have come from the
// last snapshot or, for new folders, from a request for the folder.
func (l *listing) listByDelta(ctx context.Context) ([]graph.Folder, error) {
	listed, err := l.job.Source.FolderDelta(ctx)
	if err != nil {
		return nil, err
	}
	byID, unknown := map[string]graph.Folder{}, []string{}
	before := make(map[string]*manifest.Folder, len(l.parent.Folders))
	for i := range l.parent.Folders {
		before[l.parent.Folders[i].ID] = &l.parent.Folders[i]
	}
	for _, f := range listed {
		old := before[f.ID]
		switch {
		case f.Search:
		case old != nil:
			f.Hidden, f.Mailbox = f.Hidden || old.Hidden, old.Mailbox
			byID[f.ID] = f
		default:
			unknown = append(unknown, f.ID)
		}
	}
	if len(unknown) > maxNewFolders {
		return nil, errManyNew
	}
	if _, err := l.addMissed(ctx, byID, append(unknown, l.parentIDs()...), rootOf(slices.Collect(maps.Values(byID)))); err != nil {
		return nil, err
	}
	l.tree.byDelta = true
	return graph.Tree(byID), nil
}
