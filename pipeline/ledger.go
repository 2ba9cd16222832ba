package pipeline

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/segments"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A ledger records what became of each item and commits snapshots. It belongs to the record stage
// while that runs, and to the run afterwards.
type ledger struct {
	job     Job
	opts    *Options
	log     *slog.Logger
	started time.Time
	parent  *parent
	index   *index.Index
	listing *listing
	packing *packing.Packing

	worker   *stage.Worker
	segments *segments.Writer
	failures *failures
	last     *manifest.Snapshot // committed last, or the parent
	digest   manifest.Digest    // of last
	totals   struct{ removed, bytes int64 }
	pending  pending
}

func newLedger(job Job, opts *Options, started time.Time, p *parent, l *listing, stop func(error), k *packing.Packing) *ledger {
	g := &ledger{
		job: job, opts: opts, log: opts.Logger.With("mailbox", job.Mailbox.ID), started: started,
		parent: p, index: p.index, listing: l, packing: k, last: p.Snapshot.Snapshot, digest: p.Digest,
		failures: newFailures(p, opts.Progress, stop),
	}
	return g
}

// Pending is what happened since the last commit.
type pending struct {
	rows  int64
	bytes int64 // of the rows' items
	since time.Time

	listed  int64     // pages when the last snapshot was committed
	covered int64     // of listed
	hurried time.Time // when frames and packs began to be passed on early; zero: they are not
	crowded bool      // many items wait for packs
}

const (
	// earlyPages is the number of pages after which a run commits its first partial snapshot,
	// however little time has passed. The next ones come when the pages have doubled: runs that are
	// killed after a while make progress, and long runs commit a few times more.
	earlyPages = 50

	// maxHurry bounds the time in which frames and packs are stored before they are full, so that
	// pages become covered: an item of the oldest page may take longer.
	maxHurry = 10 * time.Second
)

// isDue reports whether it is time for a partial snapshot.
func (g *ledger) isDue() bool {
	early := g.isDueEarly()
	p := &g.pending
	return g.hasProgress() &&
		(early || p.bytes >= g.opts.CheckpointBytes || time.Since(p.since) >= g.opts.CheckpointInterval)
}

// isDueEarly reports whether enough pages were covered since the last commit. When enough were
// listed, it has their items stored.
func (g *ledger) isDueEarly() bool {
	p := &g.pending
	enough := max(earlyPages, p.covered)
	listed, covered := g.listing.pageCounts()
	if listed-p.listed < enough {
		return false
	}
	if covered-p.covered >= enough/2 {
		return true
	}
	switch {
	case p.hurried.IsZero():
		p.hurried = time.Now()
	case time.Since(p.hurried) > maxHurry:
		p.listed, p.hurried = listed, time.Time{}
	}
	g.setHurry()
	return false
}

// hasProgress reports whether a snapshot would differ from the last one.
func (g *ledger) hasProgress() bool {
	_, covered := g.listing.pageCounts()
	return g.pending.rows > 0 || covered > g.pending.covered
}

// setCrowded stores frames and packs before they are full while many items wait for packs.
func (g *ledger) setCrowded(crowded bool) {
	if g.pending.crowded != crowded {
		g.pending.crowded = crowded
		g.setHurry()
	}
}

func (g *ledger) setHurry() { g.packing.Hurry(g.pending.crowded || !g.pending.hurried.IsZero()) }

// committed notes a snapshot.
func (g *ledger) committed(s *manifest.Snapshot, digest manifest.Digest) {
	g.last, g.digest = s, digest
	listed, covered := g.listing.pageCounts()
	g.pending = pending{since: time.Now(), listed: listed, covered: covered, crowded: g.pending.crowded}
	g.setHurry()
}

// committedSnapshot returns what the run committed last; nil if it committed nothing.
func (g *ledger) committedSnapshot() (*manifest.Snapshot, manifest.Digest) {
	if g.digest == g.parent.Digest {
		return nil, manifest.Digest{}
	}
	return g.last, g.digest
}

// exportedBytes returns the length of the items that the run exported.
func (g *ledger) exportedBytes() int64 { return g.totals.bytes }

// append adds a row to the current segment.
func (g *ledger) append(ctx context.Context, row manifest.Row) error {
	g.pending.rows++
	g.worker.Did(1, row.Length)
	return g.segments.Append(ctx, row)
}

// appendItem adds the row of an exported item.
func (g *ledger) appendItem(ctx context.Context, row manifest.Row) error {
	if err := g.append(ctx, row); err != nil {
		return err
	}
	g.index.Recorded(&row)
	g.totals.bytes += row.Length
	g.pending.bytes += row.Length
	return nil
}

// delete writes the tombstone of an item, if it is held.
func (g *ledger) delete(ctx context.Context, key manifest.RowKey, id, folder, reason string) error {
	if !g.index.Delete(key, folder) {
		return nil
	}
	g.totals.removed++
	return g.append(ctx, manifest.Row{ID: id, Folder: folder, Removed: reason})
}

// writeTombstones writes tombstones for held items that the mailbox no longer has: items, of the
// last snapshot or of this run, that the last pass over a whole folder did not show, and all items
// of folders that do not exist any more.
func (g *ledger) writeTombstones(ctx context.Context) error {
	lost := g.listing.lost()
	if len(lost) == 0 {
		return nil
	}
	if err := g.parent.loadIndex(ctx); err != nil {
		return err
	}
	if err := g.segments.Flush(ctx); err != nil {
		return err
	}
	held := slices.Concat(g.parent.Segments, g.segments.Stored())
	for row, err := range segments.Rows(ctx, g.job.Repository, held) {
		if err != nil {
			return err
		}
		key := row.Key()
		all, isLost := lost[row.Folder]
		if row.Removed != "" || !isLost || !all && !g.index.IsGone(key, row.Folder, true) {
			continue
		}
		if err := g.delete(ctx, key, row.ID, row.Folder, manifest.RemovedDeleted); err != nil {
			return err
		}
	}
	g.listing.deletionsDone()
	return nil
}
