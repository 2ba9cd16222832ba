package pipeline

import (
	"context"
	"errors"
	"fmt"

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
			before[r.parent.Folders[i].ID] = &r.parent.Folders[i]
		}
	}
	r.tree = make(map[string]bool, len(listed))
	for i := range listed {
		f := &folder{Folder: listed[i], before: before[listed[i].ID], leftOut: leftOut[listed[i].ID]}
		r.folders = append(r.folders, f)
		r.tree[f.ID] = true
		if f.leftOut == "" {
			r.opts.Progress.Expected.Add(int64(f.TotalItemCount))
		}
	}
	return nil
}

// listTree lists all folders: from what changed since the last snapshot if that can
// be told, and anew otherwise.
func (r *run) listTree(ctx context.Context) ([]graph.Folder, error) {
	if r.parent != nil && r.parent.DeltaLink != "" && !r.opts.Full {
		folders, err := r.followTree(ctx)
		if err == nil || !errors.Is(err, errListAnew) && !errors.Is(err, graph.ErrResync) && !errors.Is(err, graph.ErrNoDelta) {
			return folders, err
		}
		r.opts.Logger.Info("all folders are listed anew", "mailbox", r.job.Mailbox.ID, "error", err)
	}
	// The link is got first: what changes after it shows next time.
	changes, err := r.job.Source.FolderChanges(ctx, "")
	switch {
	case errors.Is(err, graph.ErrNoDelta), errors.Is(err, graph.ErrResync):
		changes = &graph.FolderChanges{}
	case err != nil:
		return nil, err
	}
	folders, err := r.job.Source.Folders(ctx)
	if err != nil {
		return nil, err
	}
	if tellsOf(changes, folders) {
		r.deltaLink = changes.Link
	}
	return r.addMissed(ctx, folders, changes.Changed)
}

// tellsOf reports whether a first delta query told of all folders that are listed. If
// it did not, of hidden ones for example, it is not relied on for changes either.
func tellsOf(changes *graph.FolderChanges, folders []graph.Folder) bool {
	told := make(map[string]bool, len(changes.Changed))
	for _, id := range changes.Changed {
		told[id] = true
	}
	for i := range folders {
		if !told[folders[i].ID] {
			return false
		}
	}
	return true
}

// addMissed completes a listing by folders that it did not show and that are there
// all the same: the last snapshot or a delta query told of them. A folder is gone only
// when Graph says so of that folder.
func (r *run) addMissed(ctx context.Context, listed []graph.Folder, told []string) ([]graph.Folder, error) {
	byID, root := make(map[string]graph.Folder, len(listed)), rootOf(listed)
	for _, f := range listed {
		byID[f.ID] = f
	}
	if r.parent != nil {
		for i := range r.parent.Folders {
			told = append(told, r.parent.Folders[i].ID)
		}
	}
	missed := 0
	for _, id := range told {
		if _, ok := byID[id]; ok || id == root {
			continue
		}
		f, err := r.job.Source.Folder(ctx, id)
		switch {
		case errors.Is(err, graph.ErrFolderGone):
		case err != nil:
			return nil, err
		case !f.Search:
			byID[id] = f
			missed++
		}
	}
	if missed == 0 {
		return listed, nil
	}
	r.opts.Logger.Warn("the listing of folders missed some", "mailbox", r.job.Mailbox.ID, "folders", missed)
	return graph.Tree(byID), nil
}

// rootOf returns the id of the folder above all, which no listing shows: most of
// those at the top lie in it.
func rootOf(folders []graph.Folder) (root string) {
	children := map[string]int{}
	for i := range folders {
		if f := &folders[i]; len(f.Path) == 1 {
			if children[f.ParentFolderID]++; children[f.ParentFolderID] > children[root] {
				root = f.ParentFolderID
			}
		}
	}
	return root
}

// errListAnew is why changes are not followed that are too many, or could leave
// folders behind.
var errListAnew = errors.New("folders were removed, or many changed")

// maxFolderChanges is up to how many changed folders are asked for one by one.
const maxFolderChanges = 50

// followTree applies what changed to the folders of the last snapshot. A removed
// folder may have taken others with it that are not told of: then the tree has to be
// listed.
func (r *run) followTree(ctx context.Context) ([]graph.Folder, error) {
	changes, err := r.job.Source.FolderChanges(ctx, r.parent.DeltaLink)
	if err != nil {
		return nil, err
	}
	if len(changes.Removed) > 0 || len(changes.Changed) > maxFolderChanges {
		return nil, errListAnew
	}
	folders := map[string]graph.Folder{}
	for i := range r.parent.Folders {
		f := &r.parent.Folders[i]
		folders[f.ID] = graph.Folder{
			ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
			WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: int(f.TotalItemCount), Mailbox: f.Mailbox,
		}
	}
	for _, id := range changes.Changed {
		f, err := r.job.Source.Folder(ctx, id)
		switch {
		case errors.Is(err, graph.ErrFolderGone):
			return nil, errListAnew
		case err != nil:
			return nil, err
		case f.Search:
			delete(folders, id)
		default:
			folders[id] = f
		}
	}
	r.deltaLink = changes.Link
	return graph.Tree(folders), nil
}

// shortfalls returns the folders of which fewer items are known than Graph counts.
// Those that were listed as a whole are counted anew first: items that were deleted
// since the run began are not missing.
func (r *run) shortfalls(ctx context.Context) []Shortfall {
	short := []Shortfall{}
	for _, f := range r.folders {
		through, whole := f.isThrough()
		if !through || !r.inTree(f.ID) {
			continue
		}
		known := f.total() - f.missing()
		if whole && f.missing() > 0 {
			if fresh, err := r.job.Source.Folder(ctx, f.ID); err == nil {
				f.recount(fresh.TotalItemCount)
			}
		}
		if missing := f.total() - known; missing > 0 {
			f.unbury()
			short = append(short, Shortfall{Folder: f.ID, Path: f.Path, TotalItemCount: f.total(), Known: known})
		}
	}
	return short
}
