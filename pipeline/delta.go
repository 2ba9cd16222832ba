package pipeline

import (
	"context"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A deltaWalk goes through a delta query.
type deltaWalk struct {
	*walker
	describes bool   // items get the properties that a delta query does not have
	waiting   []item // for their properties
}

// describeAtOnce is the number of changed items whose properties are requested together.
const describeAtOnce = 500

// walkDelta goes through a delta query from a link, or from the start if that is "", and passes on
// what changed.
func (w *walker) walkDelta(ctx context.Context, link string) error {
	d := &deltaWalk{walker: w, describes: w.pass == "" && !w.opts.NoProperties}
	w.repeated = 0
	for page, err := range w.job.Source.ItemChanges(ctx, w.folder.ID, link) {
		if err == nil {
			err = d.take(ctx, page)
		}
		if err != nil {
			// The index has noted the items that wait: another listing will not pass them on.
			if lost := d.flush(ctx); lost != nil {
				return lost
			}
			return err
		}
		if page.DeltaLink != "" {
			link = page.DeltaLink
		}
	}
	if err := d.flush(ctx); err != nil {
		return err
	}
	w.link = link
	return nil
}

func (w *deltaWalk) take(ctx context.Context, page *graph.ChangePage) error {
	w.beginPage()
	isNew := len(page.Changes) == 0
	for i := range page.Changes {
		it, export, first, err := w.change(ctx, &page.Changes[i])
		if err != nil {
			return err
		}
		isNew = isNew || first
		if export {
			w.waiting = append(w.waiting, it)
		}
		if len(w.waiting) >= describeAtOnce || !w.describes {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
	}
	w.endPage(manifest.Listing{Link: page.Next})
	return w.checkRepeated(isNew)
}

// flush passes on the items that wait.
func (w *deltaWalk) flush(ctx context.Context) error {
	if w.describes {
		w.describe(ctx, w.waiting)
	}
	for _, it := range w.waiting {
		if err := w.passOn(ctx, it); err != nil {
			return err
		}
	}
	w.waiting = w.waiting[:0]
	return nil
}

// change notes an entry of a delta query. It returns the item that must be exported because of it,
// if any. first is true if the entry was not shown before.
func (w *walker) change(ctx context.Context, c *graph.Change) (it item, export, first bool, err error) {
	if c.Removed == "" {
		return w.see(ctx, c.Item)
	}
	if err := w.parent.loadIndex(ctx); err != nil {
		return item{}, false, false, err
	}
	it = item{Item: graph.Item{ID: c.ID}, folder: w.folder, page: w.page, key: manifest.KeyOf(w.folder.ID, c.ID)}
	switch w.index.Remove(it.key, w.folder.ID) {
	case index.RemovedHeld:
		w.folder.itemOpened(it.page)
		return item{}, false, true, stage.Send(ctx, w.worker, w.verdicts, verdict{item: it, outcome: itemRemoved, reason: c.Removed})
	case index.RemovedUnknown:
		return item{}, false, true, nil
	case index.RemovedSeen:
		// Entries come in any order: an export shows whether the item exists.
		it.probe = true
		return it, w.requeue(&it), false, nil
	}
	return item{}, false, false, nil
}

// describe adds properties to items of a delta query, which does not have them, from a listing of
// what was modified since the earliest of the items. It stops when that becomes long, as for an old
// item that was moved here, or fails. The items' streams have their properties, too.
func (w *walker) describe(ctx context.Context, items []item) {
	byID := map[string]*item{}
	var since time.Time
	for i := range items {
		it := &items[i]
		if t := it.LastModifiedDateTime; !it.probe && !t.IsZero() {
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
	for page, err := range w.job.Source.ItemsSince(ctx, w.folder.ID, since.Add(-time.Second)) {
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
