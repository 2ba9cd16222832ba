package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A listing finds out which folders and items the mailbox has. It sends items that are not held to
// the transfer, and verdicts on items that need no export to the ledger. The ledger reports back
// when an item has its end, and reads what can be committed.
type listing struct {
	job    Job
	opts   *Options
	log    *slog.Logger
	parent *parent
	index  *index.Index
	stop   func(error) // stops the front
	clock  *stage.Clock

	items    chan<- item
	verdicts chan<- verdict

	tree          tree
	deltaRefusals atomic.Int32  // folders in a row without delta queries
	attempts      atomic.Uint32 // of items that were listed again
	pages         atomic.Int64  // of passes over whole folders, without the first of each pass
	covered       atomic.Int64  // pages that are covered
}

func newListing(job Job, opts *Options, p *parent, stop func(error), c *stage.Clock, items chan<- item, verdicts chan<- verdict) *listing {
	l := &listing{
		job: job, opts: opts, log: opts.Logger.With("mailbox", job.Mailbox.ID), parent: p, index: p.index,
		stop: stop, clock: c, items: items, verdicts: verdicts,
	}
	if !opts.Full && p.refusesDelta() {
		l.deltaRefusals.Store(maxRefusals)
	}
	return l
}

// listers is the number of folders that are listed at a time: as many as there may be requests.
const listers = 4

// listItems is the enumerate stage. It lists the selected folders and passes on the items that are
// not held. The first folder whose listing fails for the mailbox's reason stops the front.
func (l *listing) listItems(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(listers)
	l.clock.Employ(listers)
	defer l.clock.Employ(-listers)
	for _, f := range inOrder(l.tree.folders) {
		if f.leftOut != "" {
			continue
		}
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := l.listFolder(ctx, f); err != nil {
				l.stop(fmt.Errorf("folder %s: %w", FormatPath(f.Path), err))
			}
			return nil
		})
	}
	_ = g.Wait() // they return nothing
}

// inOrder returns the folders in the order in which they are listed. Folders that no run has
// listed completely come first, so that runs which are too short for everything get to them.
func inOrder(folders []*folder) []*folder {
	rank := func(f *folder) int {
		switch {
		case f.before != nil && f.before.Listing != nil:
			return 0
		case f.before == nil || f.before.DeltaLink == "" && f.before.ListedThrough.IsZero():
			return 1
		}
		return 2
	}
	return slices.SortedStableFunc(slices.Values(folders), func(a, b *folder) int { return cmp.Compare(rank(a), rank(b)) })
}

// listFolder lists a folder. A folder that was deleted meanwhile is removed from the tree. A
// folder that Graph does not list is reported, and its error is nil.
func (l *listing) listFolder(ctx context.Context, f *folder) error {
	w := l.clock.Start()
	defer w.End()
	w.SetState(stage.Busy)
	ctx = w.Trace(ctx)
	err := (&lister{walker: walker{listing: l, folder: f, worker: w}}).run(ctx)
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, again := l.job.Source.Folder(ctx, f.ID); errors.Is(again, graph.ErrFolderGone) {
		l.tree.remove(f.ID)
		return nil
	}
	if l.isMailboxError(ctx, err) {
		return err
	}
	f.setError(err)
	l.log.Warn("folder could not be listed", "folder", FormatPath(f.Path), "error", err)
	return nil
}

// isMailboxError reports whether an error concerns more than one folder. An error concerns one
// folder if Graph says so, or if it answers other requests about the mailbox.
func (l *listing) isMailboxError(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return true
	}
	for _, local := range []error{graph.ErrFolderGone, graph.ErrNoDelta, graph.ErrResync, graph.ErrEndless} {
		if errors.Is(err, local) {
			return false
		}
	}
	_, isAnswer := errors.AsType[*graph.Error](err)
	return !isAnswer || l.job.Source.Probe(ctx) != nil
}
