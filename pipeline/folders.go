package pipeline

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// listFolders lists the tree and decides what the run goes through.
func (r *run) listFolders(ctx context.Context) error {
	listed, err := r.listTree(ctx)
	if err != nil {
		return fmt.Errorf("list folders: %w", err)
	}
	leftOut, err := r.opts.Selection.choose(listed)
	if err != nil {
		return err
	}
	before := map[string]*manifest.Folder{}
	if r.parent != nil {
		for i := range r.parent.Folders {
			before[r.parent.Folders[i].ID] = r.continuable(&r.parent.Folders[i])
		}
	}
	r.tree = make(map[string]bool, len(listed))
	for i := range listed {
		f := &folder{Folder: listed[i], before: before[listed[i].ID], leftOut: leftOut[listed[i].ID], err: listed[i].ChildrenErr}
		r.folders = append(r.folders, f)
		r.tree[f.ID] = true
		if f.leftOut == "" {
			r.opts.Progress.Expected.Add(int64(f.TotalItemCount))
		}
	}
	return nil
}

// continuable returns what the run may take from the last snapshot of a folder: not its links, if
// its listing left items out that this run's selection takes.
func (r *run) continuable(f *manifest.Folder) *manifest.Folder {
	leftOut := f.ItemsLeftOut > 0 || f.Listing != nil && f.Listing.ItemsLeftOut > 0
	if !leftOut || r.opts.Selection.sameItems(r.parent.Selection) {
		return f
	}
	g := *f
	g.DeltaLink, g.ListedThrough, g.Listing = "", time.Time{}, nil
	return &g
}

// listTree lists all folders, with Graph's counts of their items: by a delta query, if that is
// known to show all of them, and folder by folder otherwise.
func (r *run) listTree(ctx context.Context) ([]graph.Folder, error) {
	if r.parent != nil && r.parent.FolderDelta && !r.opts.Full {
		folders, err := r.listByDelta(ctx)
		if err == nil || !errors.Is(err, errTooNew) && !errors.Is(err, graph.ErrResync) && !errors.Is(err, graph.ErrNoDelta) {
			return folders, err
		}
		r.opts.Logger.Info("folders are listed one by one", "mailbox", r.job.Mailbox.ID, "error", err)
	}
	byDelta, err := r.job.Source.FolderDelta(ctx)
	if err != nil && !errors.Is(err, graph.ErrNoDelta) && !errors.Is(err, graph.ErrResync) {
		return nil, err
	}
	folders, err := r.job.Source.Folders(ctx)
	switch {
	case err == nil:
		r.folderDelta = agree(byDelta, folders)
	case len(byDelta) > 0 && r.isLocal(ctx, err):
		r.opts.Logger.Warn("folders are listed by a delta query alone", "mailbox", r.job.Mailbox.ID, "error", err)
		folders = slices.DeleteFunc(slices.Clone(byDelta), func(f graph.Folder) bool { return f.Search })
	default:
		return nil, err
	}
	byID := foldersByID(folders)
	if r.folderDelta {
		forgive(byID) // the delta query shows what could not be listed
	}
	missed, err := r.addMissed(ctx, byID, append(r.parentFolders(), ids(byDelta)...), rootOf(folders))
	if missed > 0 {
		r.opts.Logger.Warn("the listing of folders missed some", "mailbox", r.job.Mailbox.ID, "folders", missed)
	}
	return graph.Tree(byID), err
}

// forgive drops why the folders in some could not be listed.
func forgive(byID map[string]graph.Folder) {
	for id, f := range byID {
		f.ChildrenErr = nil
		byID[id] = f
	}
}

// agree reports whether a delta query showed all folders that the list did, with the same
// counts but for a few, which may have changed in between.
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

func ids(folders []graph.Folder) []string {
	all := make([]string, len(folders))
	for i := range folders {
		all[i] = folders[i].ID
	}
	return all
}

// parentFolders returns the ids of the last snapshot's folders.
func (r *run) parentFolders() (all []string) {
	if r.parent == nil {
		return nil
	}
	for i := range r.parent.Folders {
		all = append(all, r.parent.Folders[i].ID)
	}
	return all
}

// addMissed adds folders that a listing did not show and that are there all the same, and returns
// their number. A folder is gone only when Graph says so of that folder.
func (r *run) addMissed(ctx context.Context, byID map[string]graph.Folder, others []string, root string) (missed int, err error) {
	for _, id := range others {
		if _, ok := byID[id]; ok || id == root {
			continue
		}
		f, err := r.job.Source.Folder(ctx, id)
		if err != nil && !errors.Is(err, graph.ErrFolderGone) {
			known, ok := r.knownFolder(id)
			if !ok || !r.isLocal(ctx, err) {
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

// knownFolder returns a folder as the last snapshot has it.
func (r *run) knownFolder(id string) (f graph.Folder, ok bool) {
	if r.parent == nil {
		return f, false
	}
	for i := range r.parent.Folders {
		if f := &r.parent.Folders[i]; f.ID == id {
			return graph.Folder{
				ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
				WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: int(f.TotalItemCount), Mailbox: f.Mailbox,
			}, true
		}
	}
	return f, false
}

// rootOf returns the id of the folder above all, which no listing shows: most folders that lie in
// none of the others lie in it.
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

// errTooNew is in the error of a delta query that shows more new folders than are worth a
// request each.
var errTooNew = errors.New("many folders are new")

// maxNewFolders is up to how many new folders are requested one by one.
const maxNewFolders = 50

// listByDelta lists the folders by a delta query. What that does not say is taken from the last
// snapshot or, of new folders, from the folder.
func (r *run) listByDelta(ctx context.Context) ([]graph.Folder, error) {
	listed, err := r.job.Source.FolderDelta(ctx)
	if err != nil {
		return nil, err
	}
	byID, unknown := map[string]graph.Folder{}, []string{}
	before := make(map[string]*manifest.Folder, len(r.parent.Folders))
	for i := range r.parent.Folders {
		before[r.parent.Folders[i].ID] = &r.parent.Folders[i]
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
		return nil, errTooNew
	}
	if _, err := r.addMissed(ctx, byID, append(unknown, r.parentFolders()...), rootOf(slices.Collect(maps.Values(byID)))); err != nil {
		return nil, err
	}
	r.folderDelta = true
	return graph.Tree(byID), nil
}
