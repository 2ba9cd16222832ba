package pipeline

import (
	"context"
	"errors"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// loadParent reads the mailbox's last snapshot, without its rows.
func (r *run) loadParent(ctx context.Context) error {
	last, err := snapshots.Latest(ctx, r.job.Repository, r.job.Mailbox.ID)
	if errors.Is(err, snapshots.ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	r.parent, r.last, r.lastDigest = last, last.Snapshot, last.Digest
	r.index.start(last.Snapshot)
	if !r.opts.Full && refusesDelta(last.Folders) {
		r.deltaRefused.Store(maxRefusals)
	}
	for i := range last.Failures {
		f := &last.Failures[i]
		r.failed[manifest.KeyOf(f.Folder, f.ID)] = *f
		r.failedBefore[f.Folder]++
	}
	return nil
}

// refusesDelta reports whether the last run found that the mailbox has no delta
// queries: it listed folders by time, and none by its changes.
func refusesDelta(folders []manifest.Folder) bool {
	byTime := false
	for i := range folders {
		if folders[i].DeltaLink != "" {
			return false
		}
		byTime = byTime || !folders[i].ListedThrough.IsZero()
	}
	return byTime
}

// parentDigest returns the digest of the manifest that the run started from.
func (r *run) parentDigest() manifest.Digest {
	if r.parent == nil {
		return manifest.Digest{}
	}
	return r.parent.Digest
}

// loadIndex reads the rows of the last snapshot into the index, once: a run in which
// nothing changed does without.
func (r *run) loadIndex(ctx context.Context) error {
	r.loading.Lock()
	defer r.loading.Unlock()
	if r.loaded || r.parent == nil {
		return nil
	}
	listed := make(map[string]bool, len(r.parent.Folders))
	for i := range r.parent.Folders {
		listed[r.parent.Folders[i].ID] = true
	}
	for row, err := range r.parent.Rows(ctx) {
		if err != nil {
			return err
		}
		if listed[row.Folder] {
			r.index.load(&row)
		}
	}
	r.loaded = true
	return nil
}

// holds reports whether there is a live row of a failed item.
func (r *run) holds(key manifest.RowKey, f *manifest.Failure) bool {
	r.loading.Lock()
	known := r.loaded || r.parent == nil
	r.loading.Unlock()
	if !known {
		return f.Held || r.index.holds(key)
	}
	return r.index.holds(key)
}

// maxRuns is after how many runs in a row an item that fails is no longer asked for,
// unless it changes.
const maxRuns = 10

// givenUp reports whether the item failed too often to be asked for again.
func (r *run) givenUp(it *item) bool {
	f, ok := r.failed[it.key]
	return ok && f.Runs >= maxRuns && f.Item.ChangeKey == it.ChangeKey && !r.opts.RetryFailed
}

// failedIn returns the items of a folder that failed in the last run.
func (r *run) failedIn(folder string) []manifest.Failure {
	if r.failedBefore[folder] == 0 {
		return nil
	}
	var failed []manifest.Failure
	for i := range r.parent.Failures {
		if f := r.parent.Failures[i]; f.Folder == folder {
			failed = append(failed, f)
		}
	}
	return failed
}
