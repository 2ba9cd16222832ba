package pipeline

import (
	"context"
	"errors"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A lister decides how one folder is listed. Its result is committed when all that it listed is
// recorded.
type lister struct {
	walker
	leftOutBefore int64 // items that earlier runs left out
	heldBefore    int64 // of these, items that are held in an older version
}

// run lists the folder in the cheapest way that the last snapshot allows, and again as a whole if
// the result does not agree with Graph's own count.
func (l *lister) run(ctx context.Context) error {
	for _, step := range []func(context.Context) error{l.list, l.retryFailed, l.checkCount, l.finish} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// list lists the folder from where the last snapshot ended.
func (l *lister) list(ctx context.Context) error {
	before := l.folder.before
	switch {
	case before != nil && before.Listing != nil:
		return l.resume(ctx, before.Listing)
	case before == nil || l.opts.Full:
	case before.DeltaLink != "":
		l.leftOutBefore, l.heldBefore = before.ItemsLeftOut, before.LeftOutHeld
		err := l.walkDelta(ctx, before.DeltaLink)
		if err == nil || !l.isAvoidable(ctx, err) {
			return err
		}
		l.logUnusual("changes of the folder could not be listed: it is listed as a whole", err)
	case !before.ListedThrough.IsZero():
		return l.listSince(ctx)
	}
	return l.listWhole(ctx, manifest.Listing{})
}

func (l *lister) logUnusual(what string, err error) {
	l.log.Info(what, "folder", FormatPath(l.folder.Path), "error", err)
}

// isAvoidable reports whether another way of listing the folder may work: Graph answers other
// requests about the mailbox, and the folder exists.
func (l *lister) isAvoidable(ctx context.Context, err error) bool {
	return !errors.Is(err, graph.ErrFolderGone) && !l.isMailboxError(ctx, err)
}

// listWhole lists the folder from its start, or continues a listing. Pages of a list are cut by
// count: when an item vanishes while they are read, the list misses another item. So there is a
// second pass, by a delta query, which also leads to where the next run starts.
func (l *lister) listWhole(ctx context.Context, from manifest.Listing) error {
	l.passes, l.leftOutBefore, l.heldBefore, l.link, l.unlisted = from.Passes, 0, 0, "", nil
	if from.Pass == manifest.PassItems || from.Pass == "" && !l.opts.NoProperties {
		err := l.walkItems(ctx, manifest.PassItems, from)
		if err != nil && !l.isAvoidable(ctx, err) {
			return err
		}
	}
	return l.listSecond(ctx, from)
}

// listSecond passes over the whole folder by a delta query. If that fails or leaves doubts, it
// does so by a list of ids, too. It returns the error of the last query.
func (l *lister) listSecond(ctx context.Context, from manifest.Listing) error {
	if from.Pass != manifest.PassIDs {
		if err := l.startDelta(ctx, from); err != nil && !l.isAvoidable(ctx, err) {
			return err
		}
	}
	if l.passes >= 2 || l.passes == 1 && l.link != "" && !l.inDoubt() {
		return nil
	}
	err := l.walkItems(ctx, manifest.PassIDs, from)
	if err != nil && l.link != "" && l.isAvoidable(ctx, err) {
		return nil // the delta query was a pass, too
	}
	return err
}

// maxRefusals is the number of folders in a row that refuse delta queries until no more are
// requested.
const maxRefusals = 2

// startDelta goes through a first delta query, which is a pass over the whole folder. Folders
// without delta queries are listed by time.
func (l *lister) startDelta(ctx context.Context, from manifest.Listing) error {
	if l.deltaRefusals.Load() >= maxRefusals {
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
		l.deltaRefusals.Store(0)
		l.passes++
		return nil
	case errors.Is(err, graph.ErrNoDelta) && link == "":
		l.deltaRefusals.Add(1)
	}
	return err
}

// inDoubt reports whether a listing of the whole folder showed fewer items than Graph counts, or
// not all held items.
func (l *lister) inDoubt() bool {
	count := l.index.Count(l.folder.ID)
	return count.Seen < l.folder.total() || count.Doubtful() > 0
}

// listSince lists a folder without delta queries: what was modified since the last snapshot, and
// then all ids, which show what is gone or was moved here.
func (l *lister) listSince(ctx context.Context) error {
	l.listedThrough = l.folder.before.ListedThrough
	l.pass = ""
	err := l.walk(ctx, l.job.Source.ItemsSince(ctx, l.folder.ID, l.listedThrough))
	if err != nil && !l.isAvoidable(ctx, err) {
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

// retryFailed requests the items of the folder that failed in the last run and were not listed.
func (l *lister) retryFailed(ctx context.Context) error {
	if l.passes > 0 {
		return nil // they are listed, or gone
	}
	for _, failed := range l.parent.failedIn(l.folder.ID) {
		key := manifest.KeyOf(l.folder.ID, failed.ID)
		if l.index.Shown(key, l.folder.ID) {
			continue
		}
		if _, err := l.offer(ctx, itemOf(&failed.Item)); err != nil {
			return err
		}
	}
	return nil
}

// maxRecounts is how often a folder's changes are listed until they agree with Graph's count: mail
// may arrive while it is counted.
const maxRecounts = 3

// checkCount compares the number of known items in a folder, whose changes were listed, with
// Graph's own count. If they do not agree, it lists the whole folder.
func (l *lister) checkCount(ctx context.Context) error {
	if l.passes > 0 || l.agrees() {
		return nil
	}
	for range maxRecounts {
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
	l.log.Info("folder is listed as a whole: its changes do not add up to Graph's count",
		"folder", FormatPath(l.folder.Path), "totalItemCount", l.folder.total(), "known", l.known())
	return l.listWhole(ctx, manifest.Listing{})
}

// recount requests Graph's own count of the folder's items.
func (l *lister) recount(ctx context.Context) error {
	now, err := l.job.Source.Folder(ctx, l.folder.ID)
	if err == nil {
		l.folder.setTotal(now.TotalItemCount)
	}
	return err
}

// known returns how many items are known to be in the folder: items that the listing showed, and
// items that had not changed.
func (l *lister) known() int64 {
	count := l.index.Count(l.folder.ID)
	if l.passes > 0 {
		return count.Seen
	}
	return count.Seen + count.Unseen + l.leftOutBefore - l.heldBefore
}

// agrees reports whether Graph's count is the number of known items, or differs from it as much as
// in the last snapshot: a folder may count items that it never lists.
func (l *lister) agrees() bool {
	short := l.folder.total() - l.known()
	if short == 0 {
		return true
	}
	before := snapshots.CountsOf(l.folder.before, l.parent.failedIn(l.folder.ID))
	return short == before.Missing-before.Extra
}

// finish sets the folder's result. Items that a delta query did not show have not changed. Items
// may have been deleted since Graph counted them: a listing that is short is compared with a new
// count.
func (l *lister) finish(ctx context.Context) error {
	f := l.folder
	count := l.index.Count(f.ID)
	if l.passes > 0 && f.total() > l.known() {
		counted := f.total()
		if err := l.recount(ctx); err != nil {
			return err
		}
		f.setTotal(int(min(counted, f.total())))
	}
	if l.passes == 0 {
		l.opts.Progress.Listed.Add(count.Unseen)
		l.opts.Progress.Skipped.Add(count.Unseen)
	}
	r := result{
		done: true, entire: l.passes > 0 && len(l.unlisted) == 0, short: f.total() - l.known(), unlisted: l.unlisted,
		itemsLeftOut: l.leftOutBefore + count.LeftOut, leftOutHeld: l.heldBefore + count.LeftOutHeld,
	}
	r.deletions = r.entire && count.Doubtful() > 0
	switch {
	case l.overflow: // the next run lists the whole folder
	case l.link != "":
		r.deltaLink = l.link
	default:
		r.listedThrough = l.listedThrough
	}
	f.setResult(r)
	return nil
}
