package pipeline

import (
	"context"
	"errors"
	"fmt"
	"net/http"

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
	for _, f := range r.folders {
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
		l.end()
		return nil
	}
	if ctx.Err() != nil || !folderRefused(err) {
		return err
	}
	if _, again := r.job.Source.Folder(ctx, f.ID); errors.Is(again, graph.ErrFolderGone) {
		r.folderGone(f.ID)
		return nil
	}
	f.refused(err)
	r.opts.Logger.Warn("folder could not be listed", "mailbox", r.job.Mailbox.ID, "folder", FormatPath(f.Path), "error", err)
	return nil
}

// folderRefused reports whether an error is of one folder alone: it was deleted
// since the tree was listed, or Graph does not give it out.
func folderRefused(err error) bool {
	var e *graph.Error
	return errors.Is(err, graph.ErrFolderGone) ||
		errors.As(err, &e) && (e.StatusCode == http.StatusForbidden || e.StatusCode == http.StatusNotFound)
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

// batchSize is the most ids that one exportItems call takes.
const batchSize = 20

// batch joins items to groups of up to 20 with distinct ids: an id can be listed
// in two folders when it moves meanwhile.
func (r *run) batch(ctx context.Context, w *worker) {
	var group []item
	ids := map[string]bool{}
	flush := func() {
		if len(group) > 0 && send(ctx, w, r.batches, group) == nil {
			w.did(1, 0)
			group = nil
			clear(ids)
		}
	}
	for {
		it, more := receive(w, r.items)
		if !more {
			break
		}
		if len(group) == batchSize || ids[it.ID] {
			flush()
		}
		if ctx.Err() != nil {
			continue // the front has stopped: what comes is left pending
		}
		group = append(group, it)
		ids[it.ID] = true
	}
	flush()
}
