package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A lister lists one folder. What it notes is committed with the folder when all that it listed
// is recorded.
type lister struct {
	run    *run
	folder *folder
	worker *worker

	pass   manifest.Pass // under way; empty: only changes are listed
	passes int           // over everything that lies in the folder, that came to their ends
	page   *page         // of the pass under way
	stale  int           // pages of a walk that held nothing new

	link          string    // where the next delta query starts
	listedThrough time.Time // the greatest lastModifiedDateTime
	leftOutBefore int64     // items that were left out when they were listed
	heldBefore    int64     // of these, those that are held in an older version
	repeats       int       // items that are requested again
	overflow      bool      // and not all that should have been
	unlisted      []error   // of items that the last pass could not list
}

// maxRepeats bounds the items of a folder that are requested again because they
// changed while it was listed. Beyond, the next run lists the whole folder.
const maxRepeats = 10_000

// list lists the folder from where the last snapshot ended.
func (l *lister) list(ctx context.Context) error {
	before := l.folder.before
	switch {
	case before != nil && before.Listing != nil:
		return l.resume(ctx, before.Listing)
	case before == nil || l.run.opts.Full:
	case before.DeltaLink != "":
		err := l.followDelta(ctx)
		if err == nil || !l.avoidable(ctx, err) {
			return err
		}
		l.note("changes of the folder could not be listed: it is listed as a whole", err)
	case !before.ListedThrough.IsZero():
		return l.listSince(ctx)
	}
	return l.listWhole(ctx, manifest.Listing{})
}

// note logs what is unusual about the folder's listing.
func (l *lister) note(what string, err error) {
	l.run.opts.Logger.Info(what, "mailbox", l.run.job.Mailbox.ID, "folder", FormatPath(l.folder.Path), "error", err)
}

// followDelta lists what changed since the last snapshot.
func (l *lister) followDelta(ctx context.Context) error {
	before := l.folder.before
	l.leftOutBefore, l.heldBefore = before.ItemsLeftOut, before.LeftOutHeld
	return l.walkDelta(ctx, before.DeltaLink)
}

// avoidable reports whether another way of listing the folder may do without what failed: Graph
// answers for the mailbox, and the folder is there.
func (l *lister) avoidable(ctx context.Context, err error) bool {
	return !errors.Is(err, graph.ErrFolderGone) && l.run.isLocal(ctx, err)
}

// listWhole lists the folder from its start, or continues a listing. Pages of a list are cut by
// count, so an item that vanishes while they are read makes the list miss another one. A second
// pass makes sure: a delta query, which leads to where the next run starts.
func (l *lister) listWhole(ctx context.Context, from manifest.Listing) error {
	l.passes, l.leftOutBefore, l.heldBefore, l.link, l.unlisted = from.Passes, 0, 0, "", nil
	if from.Pass == manifest.PassItems || from.Pass == "" && !l.run.opts.NoProperties {
		err := l.walkItems(ctx, manifest.PassItems, from)
		if err != nil && !l.avoidable(ctx, err) {
			return err
		}
	}
	return l.listSecond(ctx, from)
}

// listSecond goes over the whole folder by a delta query or, where that fails or leaves doubts, by
// a list of items. Its error is that of the last way there is.
func (l *lister) listSecond(ctx context.Context, from manifest.Listing) error {
	if from.Pass != manifest.PassIDs {
		if err := l.startDelta(ctx, from); err != nil && !l.avoidable(ctx, err) {
			return err
		}
	}
	if l.passes >= 2 || l.passes == 1 && l.link != "" && !l.inDoubt() {
		return nil
	}
	err := l.walkItems(ctx, manifest.PassIDs, from)
	if err != nil && l.link != "" && l.avoidable(ctx, err) {
		return nil // the delta query was a pass, too
	}
	return err
}

// startDelta goes through a first delta query, which is a pass over the whole folder. A
// folder without delta is left to listings by time.
func (l *lister) startDelta(ctx context.Context, from manifest.Listing) error {
	if l.run.deltaRefused.Load() >= maxRefusals {
		return nil
	}
	link := ""
	if from.Pass == manifest.PassDelta {
		link = from.Link
	} else {
		l.beginPass(manifest.PassDelta)
	}
	l.pass = manifest.PassDelta
	err := l.walkDelta(ctx, link)
	switch {
	case err == nil:
		l.run.deltaRefused.Store(0)
		l.passes++
		return nil
	case errors.Is(err, graph.ErrNoDelta) && link == "":
		l.run.deltaRefused.Add(1)
	}
	return err
}

// maxRefusals is how many folders in a row refuse delta queries until no more are requested.
const maxRefusals = 2

// inDoubt reports whether a whole listing came out short of Graph's count or
// without items that are held.
func (l *lister) inDoubt() bool {
	count := l.run.index.count(l.folder.ID)
	return count.seen < l.folder.total() || count.doubtful() > 0
}

// listSince is for a folder without delta: what was modified since the last
// snapshot, and then all ids, which show what is gone or was moved here.
func (l *lister) listSince(ctx context.Context) error {
	l.listedThrough = l.folder.before.ListedThrough
	l.pass = ""
	if err := l.walk(ctx, l.run.job.Source.ItemsSince(ctx, l.folder.ID, l.listedThrough)); err != nil && !l.avoidable(ctx, err) {
		return err
	}
	if err := l.listSecond(ctx, manifest.Listing{}); err != nil {
		return err
	}
	if l.passes == 1 && l.inDoubt() {
		return l.walkItems(ctx, manifest.PassItems, manifest.Listing{})
	}
	return nil
}

// retryFailed requests the items of the folder that failed in the run before, and that this
// listing did not show.
func (l *lister) retryFailed(ctx context.Context) error {
	if l.passes > 0 {
		return nil // they are listed, or gone
	}
	for _, failed := range l.run.failedIn(l.folder.ID) {
		key := manifest.KeyOf(l.folder.ID, failed.ID)
		if l.run.index.told(key, l.folder.ID) {
			continue
		}
		if _, err := l.offer(ctx, itemOf(&failed.Item)); err != nil {
			return err
		}
	}
	return nil
}

// recounts is how often a folder's changes are listed until they agree with Graph's count:
// mail may arrive while it is counted.
const recounts = 3

// checkCount compares what is known to lie in a folder, whose changes were listed, with Graph's
// own count. Where they do not agree, the folder is listed as a whole.
func (l *lister) checkCount(ctx context.Context) error {
	if l.passes > 0 || l.agrees() {
		return nil
	}
	for range recounts {
		if err := l.recount(ctx); err != nil || l.agrees() {
			return err
		}
		if err := l.walkDelta(ctx, l.link); err != nil {
			break
		}
		if l.agrees() {
			return nil
		}
	}
	l.run.opts.Logger.Info("folder is listed as a whole: its changes do not add up to Graph's count", "mailbox", l.run.job.Mailbox.ID,
		"folder", FormatPath(l.folder.Path), "totalItemCount", l.folder.total(), "known", l.known())
	return l.listWhole(ctx, manifest.Listing{})
}

// recount gets Graph's own count of the folder's items.
func (l *lister) recount(ctx context.Context) error {
	fresh, err := l.run.job.Source.Folder(ctx, l.folder.ID)
	if err == nil {
		l.folder.recount(fresh.TotalItemCount)
	}
	return err
}

// known returns how many items are known to lie in the folder: those that the
// listing showed, and those that it had no need to show.
func (l *lister) known() int64 {
	count := l.run.index.count(l.folder.ID)
	if l.passes > 0 {
		return count.seen
	}
	return count.seen + count.unseen + l.leftOutBefore - l.heldBefore
}

// agrees reports whether Graph's count is what is known, or as far from it as the
// last snapshot was: a folder may count what it never lists.
func (l *lister) agrees() bool {
	off := l.folder.total() - l.known()
	return off == 0 || off == l.offBefore()
}

// offBefore returns how many items fewer than Graph counted were known to the last snapshot.
func (l *lister) offBefore() int64 {
	counts := snapshots.CountsOf(l.folder.before, l.run.failedIn(l.folder.ID))
	return counts.Missing - counts.Extra
}

// end notes in the folder where its next listing starts. Items that a delta query did not show
// are there as they were. Items may have been deleted since Graph counted them: a listing that
// comes out short is held against a new count.
func (l *lister) end(ctx context.Context) error {
	f := l.folder
	count := l.run.index.count(f.ID)
	if l.passes > 0 && f.total() > l.known() {
		counted := f.total()
		if err := l.recount(ctx); err != nil {
			return err
		}
		f.recount(int(min(counted, f.total())))
	}
	if l.passes == 0 {
		l.run.opts.Progress.Listed.Add(count.unseen)
		l.run.opts.Progress.Skipped.Add(count.unseen)
	}
	short := f.total() - l.known()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.through, f.whole, f.short, f.unlisted = true, l.passes > 0 && len(l.unlisted) == 0, short, l.unlisted
	f.unburied = f.whole && count.doubtful() > 0
	f.itemsLeftOut, f.leftOutHeld = l.leftOutBefore+count.leftOut, l.heldBefore+count.leftOutHeld
	switch {
	case l.overflow: // the next run lists it as a whole
		f.deltaLink, f.listedThrough = "", time.Time{}
	case l.link != "":
		f.deltaLink = l.link
	default:
		f.listedThrough = l.listedThrough
	}
	return nil
}
