package pipeline

import (
	"context"
	"slices"

	"github.com/mailhaul/mailhaul/manifest"
)

// buryLost writes tombstones for what is held and the mailbox no longer has: items
// that the last pass over a whole folder did not tell of, be they of the last snapshot or
// of this run, and all items of folders that are no more.
func (r *run) buryLost(ctx context.Context) error {
	lost := r.lostFolders()
	if len(lost) == 0 {
		return nil
	}
	if err := r.loadIndex(ctx); err != nil {
		return err
	}
	if err := r.record.segments.flush(ctx); err != nil {
		return err
	}
	for row, err := range r.rows(ctx, slices.Concat(r.base(), r.record.segments.stored), nil) {
		if err != nil {
			return err
		}
		key := row.Key()
		all, concerned := lost[row.Folder]
		if row.Removed != "" || !concerned || !all && !r.index.gone(key, row.Folder, true) || !r.index.bury(key, row.Folder) {
			continue
		}
		if err := r.record.tombstone(ctx, row.ID, row.Folder, manifest.RemovedDeleted); err != nil {
			return err
		}
	}
	for _, f := range r.folders {
		f.buried()
	}
	return nil
}

// lostFolders returns the folders that have rows to bury: true means all of them.
func (r *run) lostFolders() map[string]bool {
	lost := map[string]bool{}
	for _, f := range r.folders {
		switch {
		case !r.inTree(f.ID) && r.index.count(f.ID).held > 0:
			lost[f.ID] = true
		case f.hasUnburied():
			lost[f.ID] = false
		}
	}
	if r.parent == nil {
		return lost
	}
	for i := range r.parent.Folders {
		if id := r.parent.Folders[i].ID; !r.inTree(id) && r.index.count(id).held > 0 {
			lost[id] = true
		}
	}
	return lost
}
