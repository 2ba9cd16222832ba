package pipeline

import (
	"context"
	"slices"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// The methods below are what the ledger reads and commits of a listing.

// pageCounts returns how many pages of whole folders were listed and how many are covered. The
// first page of each pass does not count as listed.
func (l *listing) pageCounts() (listed, covered int64) { return l.pages.Load(), l.covered.Load() }

// itemClosed notes that everything that will be committed of an item is recorded.
func (l *listing) itemClosed(it *item) { l.covered.Add(it.folder.itemClosed(it.page)) }

// foldersByDelta reports whether a delta query lists all folders.
func (l *listing) foldersByDelta() bool { return l.tree.byDelta }

// storeKeys stores the keys of the items that unfinished listings cover, so that the next manifest
// can have the listings' positions.
func (l *listing) storeKeys(ctx context.Context) error {
	for _, f := range l.tree.folders {
		listing, keys, pass := f.unstored()
		if listing == nil {
			continue
		}
		var objects []manifest.Segment
		for part := range slices.Chunk(keys, manifest.MaxKeys) {
			data, object, err := manifest.EncodeKeys(part)
			if err != nil {
				return err
			}
			if _, err := l.job.Repository.PutSegment(ctx, object.SHA256, data); err != nil {
				return err
			}
			objects = append(objects, object)
		}
		f.position.SetStored(listing, objects, pass)
	}
	return nil
}

// manifest returns the tree for a snapshot. A run that is not through keeps folders that only its
// parent knows, so that their rows stay live.
func (l *listing) manifest(through bool) []manifest.Folder {
	folders, known := []manifest.Folder{}, map[string]bool{}
	for _, f := range l.tree.folders {
		known[f.ID] = true
		if l.tree.contains(f.ID) || !through {
			folders = append(folders, f.manifest(l.index.Count(f.ID), l.opts.Full))
		}
	}
	if through {
		return folders
	}
	for _, before := range l.parent.Folders {
		if f := *l.continuable(before); !known[f.ID] {
			f.Items = l.index.Count(f.ID).Held
			folders = append(folders, f)
		}
	}
	return folders
}

// hasErrors reports whether a selected folder could not be listed.
func (l *listing) hasErrors() bool {
	return slices.ContainsFunc(l.tree.folders, func(f *folder) bool { return f.leftOut == "" && f.listError() != nil })
}

// gone returns a function that reports whether a failed item is known not to exist. In a run that
// is through, this includes the items of folders that do not exist.
func (l *listing) gone(through bool) func(key manifest.RowKey, folder string) bool {
	entire := map[string]bool{}
	for _, f := range l.tree.folders {
		r := f.listed()
		entire[f.ID] = r.done && r.entire
	}
	return func(key manifest.RowKey, folder string) bool {
		return through && !l.tree.contains(folder) || l.index.IsGone(key, folder, entire[folder])
	}
}

// lost returns the folders with held items that do not exist any more: true means all items of the
// folder, false those that the last pass over the folder did not show.
func (l *listing) lost() map[string]bool {
	lost := map[string]bool{}
	for _, f := range l.tree.folders {
		if r := f.listed(); r.done && r.deletions {
			lost[f.ID] = false
		}
		l.addDeleted(lost, f.ID)
	}
	for _, f := range l.parent.Folders {
		l.addDeleted(lost, f.ID)
	}
	return lost
}

// addDeleted adds a folder to lost if it does not exist and has held items.
func (l *listing) addDeleted(lost map[string]bool, id string) {
	if !l.tree.contains(id) && l.index.Count(id).Held > 0 {
		lost[id] = true
	}
}

// deletionsDone notes that the tombstones of lost are written.
func (l *listing) deletionsDone() {
	for _, f := range l.tree.folders {
		f.deletionsDone()
	}
}

// cancelShortDeletions keeps rows that a listing did not show which is short of Graph's count.
func (l *listing) cancelShortDeletions() {
	for f, r := range l.complete() {
		if r.short > 0 {
			f.cancelDeletions()
		}
	}
}

// countUnconfirmed counts, for each folder, the held items that stand in for items which a short
// listing did not show. failures are all failed items.
func (l *listing) countUnconfirmed(failures []manifest.Failure) {
	byFolder := map[string][]manifest.Failure{}
	for _, f := range failures {
		byFolder[f.Folder] = append(byFolder[f.Folder], f)
	}
	for f, r := range l.complete() {
		m := f.manifest(l.index.Count(f.ID), false)
		missing := snapshots.CountsOf(&m, byFolder[f.ID]).Missing // neither held, nor failed, nor left out
		f.setUnconfirmed(max(0, r.short-missing))
	}
}

// complete returns the existing folders whose listings are done, with their results.
func (l *listing) complete() map[*folder]result {
	complete := map[*folder]result{}
	for _, f := range l.tree.folders {
		if r := f.listed(); r.done && l.tree.contains(f.ID) {
			complete[f] = r
		}
	}
	return complete
}
