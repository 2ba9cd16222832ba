// Package pipeline is the write path: it exports one mailbox from Graph into a repository and
// commits a snapshot of it.
//
//	enumerate ─▶ batch ─▶ export ×4 ─▶ digest ─▶ compress ×CPU ─▶ pack ─▶ upload ×2 ─▶ record ─▶ commit
//	└ listing ┘  └─────────────────────────── transfer ───────────────────────────┘    └─── ledger ───┘
//
// A run has three parts. The listing finds out which folders and items the mailbox has, and passes
// on the items that are not held. The transfer moves these into packs. The ledger records what
// became of each item, and commits snapshots.
//
// Stages are goroutines that are joined by bounded channels: a slow bucket slows Graph down, and
// memory does not depend on the mailbox. The stages up to export are the front, which ends when
// Graph fails or the caller cancels. The stages behind it are the back: they then store what has
// arrived, and the ledger commits it as a partial snapshot.
//
// Runs at the same time share a Pool: compressors, uploads and memory.
//
// An item's row is written when all packs with its chunks are durable, a segment when its rows are
// complete, the manifest after its segments, and the ref last.
package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// ErrInterrupted is in the error of a run that its caller cancelled.
var ErrInterrupted = errors.New("interrupted")

// A run exports one mailbox.
type run struct {
	job      Job
	opts     Options
	started  time.Time
	computed float64 // seconds that the stages of the pool had computed when the run started
	clocks   *stage.Clocks

	front    *front
	listing  *listing
	transfer *transfer
	ledger   *ledger
}

// Run exports the job's mailbox and commits a snapshot, and partial ones on the way. It returns a
// report whenever it committed one, even beside an error. If Graph fails permanently or ctx is
// cancelled, it commits what was exported as a partial snapshot; the error says why that is not
// complete, and is ErrInterrupted after a cancel.
func Run(ctx context.Context, job Job, opts Options) (*Report, error) {
	if opts.Pool == nil {
		pool, err := NewPool(1)
		if err != nil {
			return nil, err
		}
		defer pool.Close()
		opts.Pool = pool
	}
	if !opts.Pool.acquire(ctx) {
		return nil, ErrInterrupted
	}
	defer opts.Pool.release()
	r, err := newRun(ctx, job, opts.withDefaults())
	if err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// newRun loads the last snapshot and joins the parts of a run.
func newRun(ctx context.Context, job Job, opts Options) (*run, error) {
	r := &run{
		job: job, opts: opts, started: time.Now().UTC(), computed: computing(opts.Pool.Stages()),
		clocks: stage.NewClocks(opts.Pool.clocks), front: &front{},
	}
	parent, err := loadParent(ctx, job)
	if err != nil {
		return nil, err
	}
	p := packing.New(packing.Options{
		Repository: job.Repository, Resources: opts.Pool.resources, Interval: opts.CheckpointInterval,
		Stored: func(size int) {
			opts.Progress.Packs.Add(1)
			opts.Progress.Stored.Add(int64(size))
		},
	})
	r.transfer = newTransfer(job.Source, &r.opts, r.front, p)
	r.listing = newListing(job, &r.opts, parent, r.front.stop, &r.clocks.Enumerate, r.transfer.items, r.transfer.verdicts)
	r.ledger = newLedger(job, &r.opts, r.started, parent, r.listing, r.front.stop, p)
	return r, nil
}

// run lists the mailbox, transfers its items and commits.
func (r *run) run(ctx context.Context) (*Report, error) {
	if err := r.listing.listFolders(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		return nil, err
	}
	back, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer boundDrain(ctx, r.opts.DrainTimeout, cancel)()
	if err := r.transfer.run(ctx, back, cancel, r.clocks, r.listing.listItems, r.ledger.record); err != nil {
		if r.front.reason() == ErrInterrupted {
			err = errors.Join(ErrInterrupted, err)
		}
		return nil, err
	}
	return r.commit(ctx, back)
}

// commit turns what the stages recorded into a snapshot and a report.
func (r *run) commit(ctx, back context.Context) (*Report, error) {
	reason := r.front.reason()
	if reason == nil {
		r.listing.cancelShortDeletions()
		if ctx.Err() != nil {
			reason = ErrInterrupted
		}
	}
	if err := r.ledger.finish(back, reason == nil); err != nil {
		return nil, errors.Join(reason, err)
	}
	return r.report(), reason
}
