package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// checkpoint commits what is recorded so far as a partial snapshot.
func (r *run) checkpoint(ctx context.Context) error {
	if err := r.record.segments.flush(ctx); err != nil {
		return err
	}
	if err := r.storeKeys(ctx); err != nil {
		return err
	}
	if err := r.commit(ctx, r.snapshot(false)); err != nil {
		return err
	}
	r.opts.Logger.Debug("partial snapshot", "mailbox", r.job.Mailbox.ID, "snapshot", r.last.Sequence, "items", r.last.Totals.Items)
	return nil
}

// storeKeys stores the keys of the items that listings under way cover.
func (r *run) storeKeys(ctx context.Context) error {
	for _, f := range r.folders {
		listing, keys, pass := f.covered()
		if listing == nil {
			continue
		}
		var objects []manifest.Segment
		for part := range slices.Chunk(keys, manifest.MaxKeys) {
			data, object, err := manifest.EncodeKeys(part)
			if err != nil {
				return err
			}
			if _, err := r.job.Repository.PutSegment(ctx, object.SHA256, data); err != nil {
				return err
			}
			objects = append(objects, object)
		}
		f.stored(listing, objects, pass)
	}
	return nil
}

// commit stores the manifest, whose segments are durable, and then its ref.
func (r *run) commit(ctx context.Context, s *manifest.Snapshot) error {
	data, err := s.Encode()
	if err != nil {
		return err
	}
	digest := manifest.SumOf(data)
	ref, err := s.Ref(digest).Encode()
	if err != nil {
		return err
	}
	err = r.record.worker.await(func() error {
		if err := r.job.Repository.PutManifest(ctx, digest, data); err != nil {
			return err
		}
		return r.job.Repository.CreateRef(ctx, s.Mailbox.ID, s.Sequence, ref)
	})
	if errors.Is(err, repository.ErrRefExists) {
		return fmt.Errorf("snapshot %d of mailbox %s: another run committed it first; run again: %w", s.Sequence, s.Mailbox.ID, err)
	}
	if err != nil {
		return err
	}
	r.last, r.lastDigest = s, digest
	r.record.committed()
	return nil
}

// snapshot describes what the mailbox's state is by now. A run that is through with
// all that is selected has no more to come.
func (r *run) snapshot(through bool) *manifest.Snapshot {
	s := &manifest.Snapshot{
		Format: manifest.FormatVersion, Mailbox: r.job.Mailbox, Graph: r.job.Graph,
		Sequence: 1, State: manifest.StatePartial, Selection: r.opts.Selection.manifest(),
		Started: r.started, Finished: time.Now().UTC(),
		Folders: r.manifestFolders(through), Failures: r.manifestFailures(through),
		Run: r.counts(),
	}
	if r.last != nil {
		s.Sequence, s.Parent = r.last.Sequence+1, r.lastDigest
	}
	s.Segments = append(s.Segments, r.base()...)
	s.Segments = append(s.Segments, r.record.segments.stored...)
	if s.Segments == nil {
		s.Segments = []manifest.Segment{}
	}
	if through && s.Selection == nil && !r.anyRefused() {
		s.State = manifest.StateComplete
	} else {
		s.Through = through
	}
	s.FolderDelta = r.folderDelta
	p := r.opts.Progress
	s.Totals = manifest.Totals{Bytes: r.index.size(), Stored: p.Stored.Load(), Packs: p.Packs.Load()}
	if old := r.parent; old != nil {
		s.Totals.Stored += old.Totals.Stored
		s.Totals.Packs += old.Totals.Packs
	}
	for i := range s.Folders {
		s.Totals.Items += s.Folders[i].Items
	}
	return s
}

// base returns the segments that the run started from.
func (r *run) base() []manifest.Segment {
	if r.parent == nil {
		return nil
	}
	return r.parent.Segments
}

// manifestFolders returns the tree as Graph told it. A run that is not through
// keeps the folders that only its parent knows, so that their rows stay live.
func (r *run) manifestFolders(through bool) []manifest.Folder {
	folders := []manifest.Folder{}
	for _, f := range r.folders {
		if r.inTree(f.ID) || !through {
			folders = append(folders, f.manifest(r.index.count(f.ID), r.opts.Full))
		}
	}
	if through || r.parent == nil {
		return folders
	}
	known := map[string]bool{}
	for _, f := range r.folders {
		known[f.ID] = true
	}
	for i := range r.parent.Folders {
		if f := *r.continuable(&r.parent.Folders[i]); !known[f.ID] {
			f.Items = r.index.count(f.ID).held
			folders = append(folders, f)
		}
	}
	return folders
}

// manifestFailures returns the items that failed and are not known to be gone.
func (r *run) manifestFailures(through bool) []manifest.Failure {
	whole := map[string]bool{}
	for _, f := range r.folders {
		_, whole[f.ID] = f.isThrough()
	}
	failures := []manifest.Failure{}
	for key, f := range r.record.failures {
		if through && !r.inTree(f.Folder) || r.index.gone(key, f.Folder, whole[f.Folder]) {
			continue
		}
		f.Held = r.holds(key, &f)
		failures = append(failures, f)
	}
	sortFailures(failures)
	return failures
}
