package pipeline

import (
	"context"
	"fmt"
	"iter"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// maxRepeated is the number of pages of a walk that may hold nothing new: services replay pages.
const maxRepeated = 25

var errEndless = fmt.Errorf("%d pages held nothing new: %w", maxRepeated, graph.ErrEndless)

// beginPass begins a pass over the whole folder.
func (l *lister) beginPass(pass manifest.Pass) {
	l.pass, l.unlisted = pass, nil
	l.folder.beginPass()
	l.index.StartPass(l.folder.ID)
}

// walkItems passes over the whole folder by a list of items. It starts where an earlier listing
// ended that was in the same pass, or else at the first item.
func (l *lister) walkItems(ctx context.Context, pass manifest.Pass, from manifest.Listing) error {
	var at graph.Cursor
	if from.Pass == pass {
		at = graph.Cursor{Link: from.Link, ID: from.Item, CreatedDateTime: from.CreatedDateTime}
	} else {
		l.beginPass(pass)
	}
	l.pass = pass
	list := l.job.Source.Items
	if pass == manifest.PassIDs {
		list = l.job.Source.ItemIDs
	}
	err := l.walk(ctx, list(ctx, l.folder.ID, at))
	if err == nil {
		l.passes++
	}
	return err
}

// walk goes through the pages of a listing and passes on the items that are not held.
func (l *lister) walk(ctx context.Context, pages iter.Seq2[*graph.ItemPage, error]) error {
	l.repeated = 0
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
	isNew := len(page.Items) == 0 || page.Overlaps
	for i := range page.Items {
		first, err := l.offer(ctx, page.Items[i])
		if err != nil {
			return err
		}
		isNew = isNew || first
	}
	l.unlisted = append(l.unlisted, page.Unlisted...)
	l.endPage(manifest.Listing{Link: page.Cursor.Link, Item: page.Cursor.ID, CreatedDateTime: page.Cursor.CreatedDateTime})
	return l.checkRepeated(isNew)
}

// checkRepeated returns an error when too many pages held nothing new.
func (l *lister) checkRepeated(isNew bool) error {
	if isNew {
		return nil
	}
	if l.repeated++; l.repeated > maxRepeated {
		return errEndless
	}
	return nil
}

// beginPage begins a page, if there is a pass.
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
	if !l.page.First() {
		l.pages.Add(1)
	}
	if end.Link != "" || end.Item != "" {
		end.Pass, end.Passes, end.ListedThrough = l.pass, l.passes, l.listedThrough
	}
	l.covered.Add(l.folder.endPage(l.page, end))
	l.page = nil
}

// offer notes a listed item, and passes it on if it is not held. first is true if the current pass
// had not shown it.
func (l *lister) offer(ctx context.Context, listed graph.Item) (first bool, err error) {
	it, export, first, err := l.see(ctx, listed)
	if err != nil || !export {
		return first, err
	}
	return first, l.passOn(ctx, it)
}

// see notes and counts a listed item. It reports whether the item must be exported, and whether
// the current pass had not shown it.
func (l *lister) see(ctx context.Context, listed graph.Item) (it item, export, first bool, err error) {
	if err := l.parent.loadIndex(ctx); err != nil {
		return item{}, false, false, err
	}
	if t := listed.LastModifiedDateTime; t.After(l.listedThrough) {
		l.listedThrough = t
	}
	it = item{Item: listed, folder: l.folder, page: l.page, key: manifest.KeyOf(l.folder.ID, listed.ID)}
	selected := l.opts.Selection.takes(&listed)
	sighting, first := l.index.See(it.key, l.folder.ID, listed.ChangeKey)
	if first && l.page != nil {
		l.page.Add(it.key, selected, l.index.Holds(it.key))
	}
	export, err = l.count(ctx, &it, sighting, selected)
	return it, export, first, err
}

// count counts a listed item, and reports whether it must be exported. An item that failed may not
// be as listed, even if it is held.
func (l *lister) count(ctx context.Context, it *item, s index.Sighting, selected bool) (export bool, err error) {
	p := l.opts.Progress
	switch {
	case s == index.Duplicate:
		return false, nil
	case s == index.Held && !l.parent.hasFailed(it.key):
		p.Listed.Add(1)
		p.Skipped.Add(1)
		return false, nil
	case s == index.Changed:
		return selected && l.requeue(it), nil
	}
	p.Listed.Add(1)
	if !selected {
		p.LeftOut.Add(1)
		l.leaveOut(it)
		return false, nil
	}
	l.folder.itemOpened(it.page)
	if !l.opts.RetryFailed && l.parent.gaveUp(it) {
		return false, stage.Send(ctx, l.worker, l.verdicts, verdict{item: *it, outcome: itemGaveUp})
	}
	return true, nil
}

// leaveOut counts an item that the selection leaves out.
func (l *lister) leaveOut(it *item) {
	held := int64(0)
	if l.index.Holds(it.key) {
		held = 1
	}
	l.index.LeaveOut(l.folder.ID, 1, held)
}

// requeue makes an item's attempt greater than its earlier ones in this run. It returns false if
// too many items changed.
func (l *lister) requeue(it *item) bool {
	if l.requeued == maxRequeued {
		l.overflow = true
		return false
	}
	l.requeued++
	it.attempt = l.attempts.Add(attemptsPerListing)
	l.folder.itemOpened(it.page)
	return true
}

// passOn sends an item to the transfer. The folder counts it as open.
func (l *lister) passOn(ctx context.Context, it item) error {
	return stage.Send(ctx, l.worker, l.items, it)
}
