package pipeline

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
	"github.com/mailhaul/mailhaul/repository"
)

// checkpoint commits what is recorded so far as a partial snapshot.
func (g *ledger) checkpoint(ctx context.Context) error {
	if err := g.segments.Flush(ctx); err != nil {
		return err
	}
	if err := g.listing.storeKeys(ctx); err != nil {
		return err
	}
	if err := g.commit(ctx, g.snapshot(false)); err != nil {
		return err
	}
	g.log.Debug("partial snapshot", "snapshot", g.last.Sequence, "items", g.last.Totals.Items)
	return nil
}

// finish commits the run's last snapshot, if there is anything to commit. through says whether all
// stages came to their end.
func (g *ledger) finish(ctx context.Context, through bool) error {
	g.worker.SetState(stage.Busy)
	defer g.worker.End()
	if through {
		if err := g.writeTombstones(ctx); err != nil {
			return err
		}
		g.listing.countUnconfirmed(g.failures.manifest(g.listing.gone(true)))
	} else if !g.hasProgress() {
		return nil
	}
	last, err := g.segments.Seal()
	if err != nil {
		return err
	}
	if err := g.listing.storeKeys(ctx); err != nil {
		return err
	}
	s := g.snapshot(through && g.counts().Pending == 0)
	g.index.Forget()
	if err := g.segments.Compact(ctx, s, last); err != nil {
		return err
	}
	return g.commit(ctx, s)
}

// commit stores the manifest, whose segments are durable, and then its ref.
func (g *ledger) commit(ctx context.Context, s *manifest.Snapshot) error {
	data, err := s.Encode()
	if err != nil {
		return err
	}
	digest := manifest.SumOf(data)
	ref, err := s.Ref(digest).Encode()
	if err != nil {
		return err
	}
	err = g.worker.Await(func() error {
		if err := g.job.Repository.PutManifest(ctx, digest, data); err != nil {
			return err
		}
		return g.job.Repository.CreateRef(ctx, s.Mailbox.ID, s.Sequence, ref)
	})
	if errors.Is(err, repository.ErrRefExists) {
		return fmt.Errorf("snapshot %d of mailbox %s: another run committed it first; run again: %w", s.Sequence, s.Mailbox.ID, err)
	}
	if err != nil {
		return err
	}
	g.committed(s, digest)
	return nil
}

// snapshot describes the mailbox's state by now. A run that is through has nothing left to export
// of what is selected.
func (g *ledger) snapshot(through bool) *manifest.Snapshot {
	s := &manifest.Snapshot{
		Format: manifest.FormatVersion, Mailbox: g.job.Mailbox, Graph: g.job.Graph,
		Sequence: g.last.Sequence + 1, Parent: g.digest, State: manifest.StatePartial, Selection: g.opts.Selection.manifest(),
		Started: g.started, Finished: time.Now().UTC(),
		Folders: g.listing.manifest(through), Failures: g.failures.manifest(g.listing.gone(through)),
		Run: g.counts(), FolderDelta: g.listing.foldersByDelta(),
	}
	s.Segments = append(append([]manifest.Segment{}, g.parent.Segments...), g.segments.Stored()...)
	if through && s.Selection == nil && !g.listing.hasErrors() {
		s.State = manifest.StateComplete
	} else {
		s.Through = through
	}
	p := g.opts.Progress
	before := g.parent.Totals
	s.Totals = manifest.Totals{Bytes: g.index.Size(), Stored: before.Stored + p.Stored.Load(), Packs: before.Packs + p.Packs.Load()}
	for i := range s.Folders {
		s.Totals.Items += s.Folders[i].Items
	}
	return s
}

// counts returns the run's counts. Listed items without an end are pending.
func (g *ledger) counts() manifest.Run {
	p := g.opts.Progress
	c := manifest.Run{
		Exported: p.Exported.Load(), Skipped: p.Skipped.Load(), Failed: p.Failed.Load(), Gone: p.Gone.Load(),
		LeftOut: p.LeftOut.Load(), Removed: g.totals.removed,
	}
	c.Listed = p.Listed.Load() // last: an item has its end after it was listed
	c.Pending = c.Listed - c.Exported - c.Skipped - c.Failed - c.Gone - c.LeftOut
	return c
}
