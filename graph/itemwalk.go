package graph

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/graph/internal/links"
)

// An ItemPage is a part of a listing of items.
type ItemPage struct {
	Items  []Item
	Cursor Cursor // from which a later listing continues after this page

	// Restarted: the listing could not continue, and begins again with this page.
	Restarted bool

	// Overlaps: all items of the page may have been listed before, as the listing continues from
	// the second of the last item.
	Overlaps bool

	// Unlisted are the errors of items that Graph does not list: those before this page, and those
	// that the page shows without an id.
	Unlisted []error
}

// A Cursor is a position in a listing of items. The zero value is the start.
type Cursor struct {
	Link            string    // to the page that ends at the position; empty: the first page
	ID              string    // of the last item before the position
	CreatedDateTime time.Time // of that item; zero if items are not in this order
}

// maxOverlaps bounds the pages that may have items of the second from which a listing continues.
const maxOverlaps = 1000

// An itemWalk lists items page by page. When a page fails, it skips the item that is the reason, or
// continues from the time of the last item.
type itemWalk struct {
	pager[listedItem]
	plain query // without a filter by time

	over      bool
	at        Cursor
	resumed   bool // the next page is that of at
	restarted bool // the next page is the first
	ordered   bool // items so far are in the order of createdDateTime
	skip      int  // items of the query before the page; negative: unknown

	timed     bool      // the query has a filter by time
	from      time.Time // of the filter
	overlaps  int       // pages since then without a later item; negative: a later item came
	continued int       // how often in a row, from the same time
	restarts  int
}

func newItemWalk(m *MailboxClient, q query, from Cursor) *itemWalk {
	w := &itemWalk{plain: q, at: from, overlaps: -1}
	w.begin(m, q)
	if from.ID == "" {
		return w
	}
	if link, err := m.client.base.Stored(from.Link, q.url, m.mailbox); err == nil {
		w.link, w.resumed, w.skip = link, true, links.Skip(link)
		return w
	}
	w.continueByTime()
	return w
}

// begin starts the pages of a query.
func (w *itemWalk) begin(m *MailboxClient, q query) {
	w.pager = *newPager[listedItem](m, &q)
	w.skip, w.ordered = 0, true
}

// next returns the next page.
func (w *itemWalk) next(ctx context.Context) (*ItemPage, error) {
	var unlisted []error
	for {
		link := w.link
		p, err := w.pager.next(ctx)
		switch {
		case err == nil && w.resumed && !contains(p.Value, w.at.ID):
			w.continueByTime() // items before the position are gone, which shifts pages
		case err == nil:
			page, err := w.take(p, link)
			if err == nil {
				page.Unlisted = append(unlisted, page.Unlisted...)
			}
			return page, err
		case ctx.Err() != nil:
			return nil, err
		case errors.Is(err, errPage) && w.skipUnlisted(ctx, &unlisted, err):
		case !w.mayContinue(err):
			return nil, err
		case w.timed && w.link == "":
			w.restart() // Graph refuses the filter by time
		default:
			w.continueByTime()
		}
	}
}

// take returns the listing's page from Graph's page at link.
func (w *itemWalk) take(p page[listedItem], link string) (*ItemPage, error) {
	page := &ItemPage{Items: make([]Item, 0, len(p.Value)), Restarted: w.restarted, Overlaps: w.overlaps >= 0}
	if w.resumed {
		w.at = Cursor{} // the page begins before the position
	}
	w.resumed, w.restarted = false, false
	for i := range p.Value {
		it := p.Value[i].item()
		if it.ID == "" {
			page.Unlisted = append(page.Unlisted, &Error{Op: opItems, Err: finalf("there is an item without an id")})
			continue
		}
		w.advance(&it, link)
		page.Items = append(page.Items, it)
	}
	if len(page.Unlisted) > maxUnlisted {
		return nil, page.Unlisted[0]
	}
	if w.overlaps >= 0 {
		if w.overlaps++; w.overlaps > maxOverlaps {
			w.overlaps = -1
		}
	}
	if w.skip >= 0 {
		w.skip += len(p.Value)
	}
	w.over = p.NextLink == ""
	if page.Cursor = w.at; !w.ordered {
		page.Cursor.CreatedDateTime = time.Time{}
	}
	return page, nil
}

// advance moves the position behind an item of the page at link.
func (w *itemWalk) advance(it *Item, link string) {
	t := it.CreatedDateTime
	if t.IsZero() || t.Before(w.at.CreatedDateTime) || !w.q.variants[w.shape.variant].Has("$orderby") {
		w.ordered = false
	}
	if w.timed && t.Truncate(time.Second).After(w.from) {
		w.overlaps = -1
	}
	w.at = Cursor{Link: link, ID: it.ID, CreatedDateTime: t}
}

// mayContinue reports whether an error may be due to a link or a page that another query avoids.
func (w *itemWalk) mayContinue(err error) bool {
	e, ok := errors.AsType[*Error](err)
	switch {
	case !ok || w.restarts == maxRestarts || w.continued == maxContinued:
		return false
	case errors.Is(err, ErrEndless):
		return w.continued == 0 && w.ordered && !w.at.CreatedDateTime.IsZero()
	case errors.Is(err, errPage):
		return w.skip < 0 && w.ordered && !w.at.CreatedDateTime.IsZero()
	case w.link == "" && !w.timed:
		return false
	}
	return refusesLink(e)
}

// continueByTime continues the listing from the second of the last item. If items are not in that
// order, it restarts the listing.
func (w *itemWalk) continueByTime() {
	t := w.at.CreatedDateTime.UTC().Truncate(time.Second)
	if w.at.CreatedDateTime.IsZero() || !w.ordered {
		w.restart()
		return
	}
	if w.continued++; t.After(w.from) {
		w.continued = 1
	}
	q := w.plain
	q.kind, q.variants = timedKinds[q.kind], nil
	for _, v := range w.plain.variants {
		if v.Has("$orderby") {
			q.variants = append(q.variants, v)
		}
	}
	q.variants = filtered("createdDateTime ge "+t.Format(filterTime), q.variants)
	w.begin(w.m, q)
	w.timed, w.from, w.overlaps, w.resumed = true, t, 0, false
	w.at.CreatedDateTime = t
}

// timedKinds has the kind of the query that continues a query of another kind by time.
var timedKinds = map[kind]kind{kindItems: kindItemsFrom, kindItemIDs: kindItemIDsFrom}

// restart restarts the listing.
func (w *itemWalk) restart() {
	w.restarts++
	w.begin(w.m, w.plain)
	w.at, w.restarted, w.resumed, w.timed, w.overlaps = Cursor{}, true, false, false, -1
}

// skipUnlisted skips items that Graph does not list: it searches the next position that Graph
// lists, and reports whether there is one.
func (w *itemWalk) skipUnlisted(ctx context.Context, unlisted *[]error, cause error) bool {
	if w.skip < 0 {
		return false
	}
	failed := slices.Clone(*unlisted)
	for n := 1; len(failed) < maxUnlisted; n++ {
		failed = append(failed, cause)
		p := w.pager
		p.link, p.isAhead = w.skipTo(w.skip+n), true
		_, err := p.request(ctx, true)
		if err == nil {
			w.link, w.skip, *unlisted = p.link, w.skip+n, failed
			return true
		}
		if ctx.Err() != nil {
			return false
		}
	}
	return false
}

func contains(items []listedItem, id string) bool {
	return slices.ContainsFunc(items, func(it listedItem) bool { return it.ID == id })
}
