package graph

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An ItemPage is a part of a listing of items.
type ItemPage struct {
	Items  []Item
	Cursor Cursor // where a later listing continues after this page

	// Restarted is set if the listing could not continue from where it was and begins again.
	Restarted bool

	// Overlaps is set if the page may hold nothing but what was listed before: it begins at
	// the second from which the listing continues.
	Overlaps bool

	// Unlisted are the errors of items at this place that Graph does not list.
	Unlisted []error
}

// A Cursor is a position in a listing of items. The zero value is the start.
type Cursor struct {
	Link            string    // to the page that the position is at the end of; empty: the first
	ID              string    // of the last item before the position
	CreatedDateTime time.Time // of that item; zero if items do not come in this order
}

const (
	// maxContinued is how often a listing continues from the same second, and maxRestarts how
	// often it begins again.
	maxContinued = 3
	maxRestarts  = 1

	// maxOverlaps is how many pages may hold items of the second that a listing continues from.
	maxOverlaps = 1000

	// maxUnlisted is how many items in a row are passed over because Graph does not list
	// them. Where more fail it is not the items.
	maxUnlisted = 8
)

// An itemWalk goes through a listing of items. Where a page cannot be had it continues at the
// time of the last item or, where one item is to blame, behind that.
type itemWalk struct {
	pager[listedItem]
	plain query // without a filter by time

	over      bool
	at        Cursor
	resumed   bool // the next page is that of at
	restarted bool // the next page is the first
	ordered   bool // so far, items came in the order of createdDateTime
	skip      int  // items of the query before the page; negative: unknown

	timed     bool      // the query begins at a time
	from      time.Time // that
	overlaps  int       // pages since then that may hold nothing new; negative: there are no more
	continued int       // times in a row from there
	restarts  int
}

func newItemWalk(m *MailboxClient, q query, from Cursor) *itemWalk {
	w := &itemWalk{plain: q, at: from, overlaps: -1}
	w.begin(m, q)
	if from.ID == "" {
		return w
	}
	if link, err := m.sameResource(from.Link, q.url); err == nil {
		w.link, w.resumed, w.skip = link, true, skipOf(link)
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
		case err == nil && w.resumed && !holds(p.Value, w.at.ID):
			w.continueByTime() // items before the position are gone: pages have shifted
		case err == nil:
			page, err := w.take(p, link)
			if err == nil {
				page.Unlisted = unlisted
			}
			return page, err
		case ctx.Err() != nil:
			return nil, err
		case errors.Is(err, errPage) && w.passOver(ctx, &unlisted, err):
		case !w.mayContinue(err):
			return nil, err
		case w.timed && w.link == "":
			w.restart() // the service does not filter by time
		default:
			w.continueByTime()
		}
	}
}

// take makes a page of Graph's, to which link led, one of the listing's.
func (w *itemWalk) take(p page[listedItem], link string) (*ItemPage, error) {
	page := &ItemPage{Items: make([]Item, 0, len(p.Value)), Restarted: w.restarted, Overlaps: w.overlaps >= 0}
	if w.resumed {
		w.at = Cursor{} // the page begins before it
	}
	w.resumed, w.restarted = false, false
	for i := range p.Value {
		it := p.Value[i].item()
		if it.ID == "" {
			return nil, &Error{Op: opItems, Err: finalf("there is an item without an id")}
		}
		w.pass(&it, link)
		page.Items = append(page.Items, it)
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

// pass moves the position behind an item of the page to which link led.
func (w *itemWalk) pass(it *Item, link string) {
	t := it.CreatedDateTime
	if t.IsZero() || t.Before(w.at.CreatedDateTime) || !w.q.variants[w.shape.variant].Has("$orderby") {
		w.ordered = false
	}
	if w.timed && t.Truncate(time.Second).After(w.from) {
		w.overlaps = -1
	}
	w.at = Cursor{Link: link, ID: it.ID, CreatedDateTime: t}
}

// mayContinue reports whether an error may be that of a link, or of a page that another query
// avoids.
func (w *itemWalk) mayContinue(err error) bool {
	var e *Error
	switch {
	case !errors.As(err, &e) || w.restarts == maxRestarts || w.continued == maxContinued:
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

// continueByTime continues the listing at the second of the last item. Where items do not come
// in that order, it begins again.
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

// timedKinds are the kinds of the queries that continue those of another kind by time.
var timedKinds = map[kind]kind{kindItems: kindItemsFrom, kindItemIDs: kindItemIDsFrom}

// restart begins the listing again.
func (w *itemWalk) restart() {
	w.restarts++
	w.begin(w.m, w.plain)
	w.at, w.restarted, w.resumed, w.timed, w.overlaps = Cursor{}, true, false, false, -1
}

// passOver leaves out items that Graph does not list: it looks for the next place behind them
// where there is an answer.
func (w *itemWalk) passOver(ctx context.Context, unlisted *[]error, cause error) bool {
	if w.skip < 0 {
		return false
	}
	failed := slices.Clone(*unlisted)
	for n := 1; len(failed) < maxUnlisted; n++ {
		failed = append(failed, cause)
		p := w.pager
		p.link, p.looksAhead = w.skipTo(w.skip+n), true
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

// skipOf returns the $skip of a link; negative if it has none.
func skipOf(link string) int {
	_, query, _ := strings.Cut(link, "?")
	values, _ := url.ParseQuery(query)
	for name := range values {
		if strings.EqualFold(name, "$skip") {
			if n, err := strconv.Atoi(values.Get(name)); err == nil && n >= 0 {
				return n
			}
		}
	}
	return -1
}

func holds(items []listedItem, id string) bool {
	return slices.ContainsFunc(items, func(it listedItem) bool { return it.ID == id })
}
