package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// A lister lists one folder. What it takes note of is committed with the folder
// when all that it listed is recorded.
type lister struct {
	run    *run
	folder *folder
	worker *worker

	passes        int       // whole listings
	link          string    // where the next delta query starts
	listedThrough time.Time // the greatest lastModifiedDateTime
	leftOutBefore int64     // items that were left out when they were listed
	repeats       int       // items that are requested again
	overflow      bool      // and not all that should have been
}

// maxRepeats bounds the items of a folder that are asked for again because they
// changed while it was listed. Beyond, the folder is listed anew by the next run.
const maxRepeats = 10_000

// list lists the folder from where the last snapshot ended.
func (l *lister) list(ctx context.Context) error {
	f := l.folder
	if f.before != nil && !l.run.opts.Full && l.sameSelection() {
		switch {
		case f.before.DeltaLink != "":
			err := l.followDelta(ctx)
			if !errors.Is(err, graph.ErrResync) && !errors.Is(err, graph.ErrNoDelta) {
				return err
			}
			l.run.opts.Logger.Info("folder is listed anew: its delta link is of no more use",
				"mailbox", l.run.job.Mailbox.ID, "folder", FormatPath(f.Path), "error", err)
		case !f.before.ListedThrough.IsZero():
			return l.listSince(ctx)
		}
	}
	return l.listWhole(ctx)
}

// sameSelection reports whether what the last snapshot's listing left out would be
// left out again.
func (l *lister) sameSelection() bool {
	return l.folder.before.ItemsLeftOut == 0 || l.run.opts.Selection.sameItems(l.run.parent.Selection)
}

// followDelta asks for what changed since the last snapshot.
func (l *lister) followDelta(ctx context.Context) error {
	before := l.folder.before
	l.leftOutBefore = before.ItemsLeftOut
	return l.walkDelta(ctx, before.DeltaLink)
}

// listWhole lists the folder from its start, twice where that is needed to be
// sure: pages of a listing are cut by count, so an item that vanishes while they are
// read makes it miss another one. The second time is a delta query, which leads to
// where the next run goes on.
func (l *lister) listWhole(ctx context.Context) error {
	l.passes, l.leftOutBefore, l.link = 0, 0, ""
	if !l.run.opts.NoProperties {
		if err := l.walkItems(ctx, l.run.job.Source.Items(ctx, l.folder.ID)); err != nil {
			return err
		}
	}
	if err := l.startDelta(ctx); err != nil {
		return err
	}
	if l.passes == 0 || l.link == "" && l.inDoubt() || l.passes == 1 && l.inDoubt() {
		return l.walkItems(ctx, l.run.job.Source.Items(ctx, l.folder.ID))
	}
	return nil
}

// startDelta goes through a first delta query, which is a pass over the whole folder. A
// folder without delta is left to listings by time.
func (l *lister) startDelta(ctx context.Context) error {
	if l.run.deltaRefused.Load() >= maxRefusals {
		return nil
	}
	l.run.index.startPass(l.folder.ID)
	err := l.walkDelta(ctx, "")
	switch {
	case err == nil:
		l.run.deltaRefused.Store(0)
		l.passes++
		return nil
	case errors.Is(err, graph.ErrNoDelta), errors.Is(err, graph.ErrResync):
		l.run.deltaRefused.Add(1)
		return nil
	}
	return err
}

// maxRefusals is how many folders in a row refuse delta queries until no more are asked.
const maxRefusals = 2

// inDoubt reports whether a whole listing came out short of Graph's count or
// without items that are held.
func (l *lister) inDoubt() bool {
	count := l.run.index.count(l.folder.ID)
	return count.seen < l.folder.total() || count.doubtful() > 0
}

// listSince is for a folder without delta: what was modified since the last
// snapshot, and then all ids, which tell what is gone or was moved here.
func (l *lister) listSince(ctx context.Context) error {
	source := l.run.job.Source
	l.listedThrough = l.folder.before.ListedThrough
	if err := l.walkItems(ctx, source.ItemsSince(ctx, l.folder.ID, l.folder.before.ListedThrough)); err != nil {
		return err
	}
	l.passes = 0 // that was none of all
	if err := l.walkItems(ctx, source.ItemIDs(ctx, l.folder.ID)); err != nil {
		return err
	}
	if l.inDoubt() {
		return l.walkItems(ctx, source.Items(ctx, l.folder.ID))
	}
	return nil
}

// retryFailed asks again for items of the folder that failed in the run before,
// and that this listing did not tell of.
func (l *lister) retryFailed(ctx context.Context) error {
	if l.passes > 0 {
		return nil // they are listed, or gone
	}
	for _, failed := range l.run.failedIn(l.folder.ID) {
		key := manifest.KeyOf(l.folder.ID, failed.ID)
		if l.run.index.told(key, l.folder.ID) {
			continue
		}
		if err := l.offer(ctx, itemOf(&failed.Item)); err != nil {
			return err
		}
	}
	return nil
}

// recounts is how often a folder's changes are asked for, until they agree with
// Graph's count: mail may arrive while it is counted.
const recounts = 3

// checkCount compares what is known to lie in a folder that was listed by its
// changes with Graph's own count, and lists it as a whole if they do not agree.
func (l *lister) checkCount(ctx context.Context) error {
	if l.passes > 0 || l.agrees() && !l.changed() {
		return nil
	}
	for range recounts {
		fresh, err := l.run.job.Source.Folder(ctx, l.folder.ID)
		if err != nil {
			return err
		}
		l.folder.recount(fresh.TotalItemCount)
		if l.agrees() {
			return nil
		}
		if err := l.walkDelta(ctx, l.link); err != nil {
			break
		}
		if l.agrees() {
			return nil
		}
	}
	l.run.opts.Logger.Info("folder is listed anew: its changes do not make Graph's count", "mailbox", l.run.job.Mailbox.ID,
		"folder", FormatPath(l.folder.Path), "totalItemCount", l.folder.total(), "known", l.known())
	return l.listWhole(ctx)
}

// known returns how many items are known to lie in the folder: those that the
// listing told of, and those that it had no need to tell of.
func (l *lister) known() int64 {
	count := l.run.index.count(l.folder.ID)
	if l.passes > 0 {
		return count.seen
	}
	return count.seen + count.unseen + l.leftOutBefore
}

// changed reports whether the listing told of anything.
func (l *lister) changed() bool {
	count := l.run.index.count(l.folder.ID)
	return count.seen > 0 || count.unseen != l.folder.before.Items
}

// agrees reports whether Graph's count is what is known, or as far from it as the
// last snapshot was: a folder may count what it never lists.
func (l *lister) agrees() bool {
	before := l.folder.before
	off := l.folder.total() - l.known()
	return off == 0 || off == before.TotalItemCount-before.Items-before.ItemsLeftOut-l.run.failedBefore[l.folder.ID]
}

// end tells the folder where its next listing starts. Items that a delta query did
// not tell of are there as they were.
func (l *lister) end() {
	f := l.folder
	count := l.run.index.count(f.ID)
	if l.passes == 0 {
		l.run.opts.Progress.Listed.Add(count.unseen)
		l.run.opts.Progress.Skipped.Add(count.unseen)
	}
	short := f.total() - l.known()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.through, f.whole, f.short = true, l.passes > 0, short
	f.unburied = f.whole && count.doubtful() > 0
	f.itemsLeftOut = l.leftOutBefore + count.leftOut
	switch {
	case l.overflow: // the next run lists it as a whole
		f.deltaLink, f.listedThrough = "", time.Time{}
	case l.link != "":
		f.deltaLink = l.link
	default:
		f.listedThrough = l.listedThrough
	}
}
