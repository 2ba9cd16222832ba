package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/graph"
)

// listers is how many folders are listed at once: as many as there may be requests.
const listers = 4

// enumerate lists the selected folders and passes on what is not held. The first folder
// whose listing fails for a reason that is not its own stops the front.
func (r *run) enumerate(ctx context.Context) {
	var g errgroup.Group
	g.SetLimit(listers)
	r.clocks.enumerate.employ(listers)
	defer r.clocks.enumerate.employ(-listers)
	for _, f := range inOrder(r.folders) {
		if f.leftOut != "" {
			continue
		}
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			if err := r.enumerateFolder(ctx, f); err != nil {
				r.stopped.because(fmt.Errorf("folder %s: %w", FormatPath(f.Path), err))
			}
			return nil
		})
	}
	_ = g.Wait() // they return nothing
}

// inOrder returns the folders in the order in which they are listed: first those that no run has
// listed to the end, so that runs which are too short for everything get there.
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

// enumerateTree lists the folders, for which requests are sent together.
func (r *run) enumerateTree(ctx context.Context) error {
	w := r.clocks.enumerate.start()
	defer w.end()
	return w.await(func() error { return r.listFolders(ctx) })
}

// enumerateFolder lists a folder in the cheapest way that the last snapshot allows,
// and anew as a whole where that does not agree with Graph's own count.
func (r *run) enumerateFolder(ctx context.Context, f *folder) error {
	w := r.clocks.enumerate.start()
	defer w.end()
	w.turn(busy)
	ctx = w.traced(ctx)
	l := &lister{run: r, folder: f, worker: w}
	err := l.list(ctx)
	if err == nil {
		err = l.retryFailed(ctx)
	}
	if err == nil {
		err = l.checkCount(ctx)
	}
	if err == nil {
		err = l.end(ctx)
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	if _, again := r.job.Source.Folder(ctx, f.ID); errors.Is(again, graph.ErrFolderGone) {
		r.folderGone(f.ID)
		return nil
	}
	if !r.isLocal(ctx, err) {
		return err
	}
	f.refused(err)
	r.opts.Logger.Warn("folder could not be listed", "mailbox", r.job.Mailbox.ID, "folder", FormatPath(f.Path), "error", err)
	return nil
}

// isLocal reports whether an error of Graph is that of one folder: for the mailbox, Graph answers.
func (r *run) isLocal(ctx context.Context, err error) bool {
	if ctx.Err() != nil {
		return false
	}
	for _, known := range []error{graph.ErrFolderGone, graph.ErrNoDelta, graph.ErrResync, graph.ErrEndless} {
		if errors.Is(err, known) {
			return true
		}
	}
	var e *graph.Error
	return errors.As(err, &e) && r.job.Source.Probe(ctx) == nil
}

// folderGone takes a folder out that was deleted since the tree was listed.
func (r *run) folderGone(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tree, id)
}

// inTree reports whether the mailbox has the folder.
func (r *run) inTree(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tree[id]
}
