package pipeline

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/position"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A walker goes through the pages of one folder's listings.
type walker struct {
	*listing
	folder *folder
	worker *stage.Worker

	pass     manifest.Pass  // current pass over the whole folder; "": only changes are listed
	passes   int            // that came to their ends
	page     *position.Page // current page of the pass
	repeated int            // pages of a walk that held nothing new

	link          string    // where the next delta query starts
	listedThrough time.Time // the greatest lastModifiedDateTime
	requeued      int       // items that are requested again
	overflow      bool      // some items were not requested again
	unlisted      []error   // of items that the last pass could not list
}

// maxRequeued bounds the items of a folder that are requested again because they changed while the
// folder was listed. Beyond it, the next run lists the whole folder.
const maxRequeued = 10_000

// maxRepeated is the number of pages of a walk that may hold nothing new: services replay pages.
const maxRepeated = 25

var errEndless = fmt.Errorf("%d pages held nothing new: %w", maxRepeated, graph.ErrEndless)

// beginPass begins a pass over the whole folder.
func (w *walker) beginPass(pass manifest.Pass) {
	w.pass, w.unlisted = pass, nil
	w.folder.position.BeginPass()
	w.index.StartPass(w.folder.ID)
}

// walkItems passes over the whole folder by a list of items. It starts where an earlier listing
// ended that was in the same pass, or else at the first item.
func (w *walker) walkItems(ctx context.Context, pass manifest.Pass, from manifest.Listing) error {
	var at graph.Cursor
	if from.Pass == pass {
		at = graph.Cursor{Link: from.Link, ID: from.Item, CreatedDateTime: from.CreatedDateTime}
	} else {
		w.beginPass(pass)
	}
	w.pass = pass
	list := w.job.Source.Items
	if pass == manifest.PassIDs {
		list = w.job.Source.ItemIDs
	}
	err := w.walk(ctx, list(ctx, w.folder.ID, at))
	if err == nil {
		w.passes++
	}
	return err
}

// walk goes through the pages of a listing and passes on the items that are not held.
func (w *walker) walk(ctx context.Context, pages iter.Seq2[*graph.ItemPage, error]) error {
	w.repeated = 0
	for page, err := range pages {
		if err != nil {
			return err
		}
		if page.Restarted && w.pass != "" {
			w.beginPass(w.pass)
		}
		if err := w.walkPage(ctx, page); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) walkPage(ctx context.Context, page *graph.ItemPage) error {
	w.beginPage()
	isNew := len(page.Items) == 0 || page.Overlaps
	for i := range page.Items {
		first, err := w.offer(ctx, page.Items[i])
		if err != nil {
			return err
		}
		isNew = isNew || first
	}
	w.unlisted = append(w.unlisted, page.Unlisted...)
	w.endPage(manifest.Listing{Link: page.Cursor.Link, Item: page.Cursor.ID, CreatedDateTime: page.Cursor.CreatedDateTime})
	return w.checkRepeated(isNew)
}

// checkRepeated returns an error when too many pages held nothing new.
func (w *walker) checkRepeated(isNew bool) error {
	if isNew {
		return nil
	}
	if w.repeated++; w.repeated > maxRepeated {
		return errEndless
	}
	return nil
}

// beginPage begins a page, if there is a pass.
func (w *walker) beginPage() {
	if w.pass != "" {
		w.page = w.folder.position.BeginPage()
	}
}

// endPage ends the page. A later run can continue the pass at end, if that is not zero.
func (w *walker) endPage(end manifest.Listing) {
	if w.page == nil {
		return
	}
	if !w.page.First() {
		w.pages.Add(1)
	}
	if end.Link != "" || end.Item != "" {
		end.Pass, end.Passes, end.ListedThrough = w.pass, w.passes, w.listedThrough
	}
	w.covered.Add(w.folder.position.EndPage(w.page, end))
	w.page = nil
}

// offer notes a listed item, and passes it on if it is not held. first is true if the current pass
// had not shown it.
func (w *walker) offer(ctx context.Context, listed graph.Item) (first bool, err error) {
	it, export, first, err := w.see(ctx, listed)
	if err != nil || !export {
		return first, err
	}
	return first, w.passOn(ctx, it)
}

// see notes and counts a listed item. It reports whether the item must be exported, and whether
// the current pass had not shown it.
func (w *walker) see(ctx context.Context, listed graph.Item) (it item, export, first bool, err error) {
	if err := w.parent.loadIndex(ctx); err != nil {
		return item{}, false, false, err
	}
	if t := listed.LastModifiedDateTime; t.After(w.listedThrough) {
		w.listedThrough = t
	}
	it = item{Item: listed, folder: w.folder, page: w.page, key: manifest.KeyOf(w.folder.ID, listed.ID)}
	selected := w.opts.Selection.takes(&listed)
	sighting, first := w.index.See(it.key, w.folder.ID, listed.ChangeKey)
	if first && w.page != nil {
		w.page.Add(it.key, selected, w.index.Holds(it.key))
	}
	export, err = w.count(ctx, &it, sighting, selected)
	return it, export, first, err
}

// count counts a listed item, and reports whether it must be exported. An item that failed may not
// be as listed, even if it is held.
func (w *walker) count(ctx context.Context, it *item, s index.Sighting, selected bool) (export bool, err error) {
	p := w.opts.Progress
	switch {
	case s == index.Duplicate:
		return false, nil
	case s == index.Held && !w.parent.hasFailed(it.key):
		p.Listed.Add(1)
		p.Skipped.Add(1)
		return false, nil
	case s == index.Changed:
		return selected && w.requeue(it), nil
	}
	p.Listed.Add(1)
	if !selected {
		p.LeftOut.Add(1)
		w.leaveOut(it)
		return false, nil
	}
	w.folder.itemOpened(it.page)
	if !w.opts.RetryFailed && w.parent.gaveUp(it) {
		return false, stage.Send(ctx, w.worker, w.verdicts, verdict{item: *it, outcome: itemGaveUp})
	}
	return true, nil
}

// leaveOut counts an item that the selection leaves out.
func (w *walker) leaveOut(it *item) {
	held := int64(0)
	if w.index.Holds(it.key) {
		held = 1
	}
	w.index.LeaveOut(w.folder.ID, 1, held)
}

// requeue makes an item's attempt greater than its earlier ones in this run. It returns false if
// too many items changed.
func (w *walker) requeue(it *item) bool {
	if w.requeued == maxRequeued {
		w.overflow = true
		return false
	}
	w.requeued++
	it.attempt = w.attempts.Add(attemptsPerListing)
	w.folder.itemOpened(it.page)
	return true
}

// passOn sends an item to the transfer. The folder counts it as open.
func (w *walker) passOn(ctx context.Context, it item) error {
	return stage.Send(ctx, w.worker, w.items, it)
}
