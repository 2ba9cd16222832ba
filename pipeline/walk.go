package pipeline

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// errEndless is in the error of a listing whose pages hold nothing new.
var errEndless = fmt.Errorf("%d pages held nothing new: %w", maxStale, graph.ErrEndless)

// maxStale is how many pages of a walk may hold nothing new: services replay pages.
const maxStale = 25

// beginPass begins a pass over the whole folder.
func (l *lister) beginPass(pass manifest.Pass) {
	l.pass, l.unlisted = pass, nil
	l.folder.beginPass()
	l.run.index.startPass(l.folder.ID)
}

// walkItems goes over the whole folder by a list of items, from its start or from where a
// listing that is in the same pass came to.
func (l *lister) walkItems(ctx context.Context, pass manifest.Pass, from manifest.Listing) error {
	var at graph.Cursor
	if from.Pass == pass {
		at = graph.Cursor{Link: from.Link, ID: from.Item, CreatedDateTime: from.CreatedDateTime}
	} else {
		l.beginPass(pass)
	}
	l.pass = pass
	list := l.run.job.Source.Items
	if pass == manifest.PassIDs {
		list = l.run.job.Source.ItemIDs
	}
	err := l.walk(ctx, list(ctx, l.folder.ID, at))
	if err == nil {
		l.passes++
	}
	return err
}

// walk goes through the pages of a listing and passes on what is not held.
func (l *lister) walk(ctx context.Context, pages iter.Seq2[*graph.ItemPage, error]) error {
	l.stale = 0
	for page, err := range pages {
		if err != nil {
			return err
		}
		if page.Restarted && l.pass != "" {
			l.beginPass(l.pass)
		}
		if err := l.walkPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (l *lister) walkPage(ctx context.Context, page *graph.ItemPage) error {
	l.beginPage()
	fresh := len(page.Items) == 0 || page.Overlaps
	for i := range page.Items {
		first, err := l.offer(ctx, page.Items[i])
		if err != nil {
			return err
		}
		fresh = fresh || first
	}
	l.unlisted = append(l.unlisted, page.Unlisted...)
	l.endPage(manifest.Listing{Link: page.Cursor.Link, Item: page.Cursor.ID, CreatedDateTime: page.Cursor.CreatedDateTime})
	return l.progressed(fresh)
}

// progressed counts a page, which held something new or did not.
func (l *lister) progressed(fresh bool) error {
	if fresh {
		return nil
	}
	if l.stale++; l.stale > maxStale {
		return errEndless
	}
	return nil
}

// beginPage begins a page, if a pass is under way.
func (l *lister) beginPage() {
	if l.pass != "" {
		l.page = l.folder.beginPage()
	}
}

// endPage ends the page. A later run can continue the pass at end, if that is not zero.
func (l *lister) endPage(end manifest.Listing) {
	if l.page == nil {
		return
	}
	if !l.page.begins {
		l.run.pages.Add(1)
	}
	if end.Link != "" || end.Item != "" {
		end.Pass, end.Passes, end.ListedThrough = l.pass, l.passes, l.listedThrough
	}
	l.run.covered.Add(l.folder.endPage(l.page, end))
	l.page = nil
}

// describeAtOnce is how many changed items wait for their properties together.
const describeAtOnce = 500

// walkDelta goes through a delta query from a link, or from the start if it is
// empty, and passes on what changed.
func (l *lister) walkDelta(ctx context.Context, link string) error {
	w := &deltaWalk{lister: l, describes: l.pass == "" && !l.run.opts.NoProperties}
	l.stale = 0
	for page, err := range l.run.job.Source.ItemChanges(ctx, l.folder.ID, link) {
		if err == nil {
			err = w.take(ctx, page)
		}
		if err != nil {
			// The index has noted what waits here: another listing will not pass it on.
			if lost := w.flush(ctx); lost != nil {
				return lost
			}
			return err
		}
		if page.DeltaLink != "" {
			link = page.DeltaLink
		}
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	l.link = link
	return nil
}

// A deltaWalk is a way through a delta query.
type deltaWalk struct {
	*lister
	describes bool
	news      []item // that wait for their properties
}

func (w *deltaWalk) take(ctx context.Context, page *graph.ChangePage) error {
	w.beginPage()
	fresh := len(page.Changes) == 0
	for i := range page.Changes {
		it, isNew, first, err := w.change(ctx, &page.Changes[i])
		if err != nil {
			return err
		}
		fresh = fresh || first
		if isNew {
			w.news = append(w.news, it)
		}
		if len(w.news) >= describeAtOnce || !w.describes {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
	}
	w.endPage(manifest.Listing{Link: page.Next})
	return w.progressed(fresh)
}

// flush passes on the items that wait.
func (w *deltaWalk) flush(ctx context.Context) error {
	if w.describes {
		w.describe(ctx, w.news)
	}
	for _, it := range w.news {
		if err := w.handOn(ctx, it); err != nil {
			return err
		}
	}
	w.news = w.news[:0]
	return nil
}

// change notes an entry of a delta query. It returns the item that has to be exported because of
// it, if there is one, and whether the entry was the first of its kind.
func (l *lister) change(ctx context.Context, c *graph.Change) (it item, isNew, first bool, err error) {
	if c.Removed == "" {
		return l.see(ctx, c.Item)
	}
	if err := l.run.loadIndex(ctx); err != nil {
		return item{}, false, false, err
	}
	gone := item{Item: graph.Item{ID: c.ID}, folder: l.folder, page: l.page, key: manifest.KeyOf(l.folder.ID, c.ID)}
	switch l.run.index.remove(gone.key, l.folder.ID) {
	case absentHeld:
		l.folder.opened(gone.page)
		return item{}, false, true, send(ctx, l.worker, l.run.verdicts, verdict{item: gone, end: endRemoved, reason: c.Removed})
	case absentUnknown:
		return item{}, false, true, nil
	case absentSeen:
		// Entries may come in any order: an export shows whether it is there.
		gone.check = true
		return gone, l.again(&gone), false, nil
	}
	return item{}, false, false, nil
}

// offer notes a listed item, and passes it on if it is not held. It reports whether the item is
// new to the pass under way.
func (l *lister) offer(ctx context.Context, listed graph.Item) (first bool, err error) {
	it, isNew, first, err := l.see(ctx, listed)
	if err != nil || !isNew {
		return first, err
	}
	return first, l.handOn(ctx, it)
}

// see notes a listed item, counts it, and reports whether it has to be exported, and whether it
// is new to the pass under way.
func (l *lister) see(ctx context.Context, listed graph.Item) (it item, isNew, first bool, err error) {
	if err := l.run.loadIndex(ctx); err != nil {
		return item{}, false, false, err
	}
	if t := listed.LastModifiedDateTime; t.After(l.listedThrough) {
		l.listedThrough = t
	}
	it = item{Item: listed, folder: l.folder, page: l.page, key: manifest.KeyOf(l.folder.ID, listed.ID)}
	selected := l.run.opts.Selection.takes(&listed)
	sight, first := l.run.index.see(it.key, l.folder.ID, listed.ChangeKey)
	if first && l.page != nil {
		l.page.list(it.key, selected, l.run.index.holds(it.key))
	}
	isNew, err = l.sighted(ctx, &it, sight, selected)
	return it, isNew, first, err
}

// sighted counts a listed item, and reports whether it has to be exported.
func (l *lister) sighted(ctx context.Context, it *item, sight sight, selected bool) (isNew bool, err error) {
	p := l.run.opts.Progress
	switch {
	case sight == sightDuplicate:
		return false, nil
	case sight == sightHeld && l.run.failed[it.key].ID == "": // what failed is not known to be as listed
		p.Listed.Add(1)
		p.Skipped.Add(1)
		return false, nil
	case sight == sightAgain:
		return selected && l.again(it), nil
	}
	p.Listed.Add(1)
	if !selected {
		p.LeftOut.Add(1)
		l.leave(it)
		return false, nil
	}
	l.folder.opened(it.page)
	if l.run.givenUp(it) {
		return false, send(ctx, l.worker, l.run.verdicts, verdict{item: *it, end: endGivenUp})
	}
	return true, nil
}

// leave counts an item that the selection leaves out.
func (l *lister) leave(it *item) {
	held := int64(0)
	if l.run.index.holds(it.key) {
		held = 1
	}
	l.run.index.leave(l.folder.ID, 1, held)
}

// again gives an item a turn after those that it had in this run, and reports
// whether that is within bounds.
func (l *lister) again(it *item) bool {
	if l.repeats == maxRepeats {
		l.overflow = true
		return false
	}
	l.repeats++
	it.turn = l.run.turns.Add(turnTries)
	l.folder.opened(it.page)
	return true
}

// handOn passes on an item that the folder counts as open.
func (l *lister) handOn(ctx context.Context, it item) error {
	return send(ctx, l.worker, l.run.items, it)
}

// describe completes items of a delta query, which has no properties, from a
// listing of what was modified since the earliest of them. What that would have to
// go far for, such as an old item that was moved here, stays as it is; so do all where
// the listing fails: their streams hold the properties too.
func (l *lister) describe(ctx context.Context, items []item) {
	byID := map[string]*item{}
	var since time.Time
	for i := range items {
		it := &items[i]
		if t := it.LastModifiedDateTime; !it.check && !t.IsZero() {
			byID[it.ID] = it
			if since.IsZero() || t.Before(since) {
				since = t
			}
		}
	}
	if len(byID) == 0 {
		return
	}
	left := 4*len(byID) + describeAtOnce
	for page, err := range l.run.job.Source.ItemsSince(ctx, l.folder.ID, since.Add(-time.Second)) {
		if err != nil {
			return
		}
		for i := range page.Items {
			if it := byID[page.Items[i].ID]; it != nil {
				it.Properties = page.Items[i].Properties
				delete(byID, it.ID)
			}
		}
		if left -= max(1, len(page.Items)); left < 0 || len(byID) == 0 {
			return
		}
	}
}
