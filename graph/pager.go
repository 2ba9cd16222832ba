package graph

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// ErrEndless is in the error of a list whose pages do not come to an end.
var ErrEndless = errors.New("the pages have no end")

// errPage is in the error of a page that fails, in every size, while Graph answers for the
// mailbox.
var errPage = errors.New("Graph answers for the mailbox, but not with this page")

const (
	// maxEmptyPages is how many pages in a row may be empty and still lead to a next one,
	// and maxEmptyTurns how many of them may lead to where they came from.
	maxEmptyPages = 100
	maxEmptyTurns = 20
)

// A pager requests the pages of a list one by one. A page that fails is requested in other
// ways, until one is answered: without extended properties, and shorter.
type pager[T any] struct {
	m     *MailboxClient
	q     *query
	shape shape
	sizes sizes
	walk  walk

	looksAhead bool // for a page that is answered, behind one that is not

	link    string // to the next page; empty: the first one of the query
	linkErr error  // what is wrong with it
	call    *call  // which brought the last page
	mailbox string // the other mailbox that answered in the end, if one did
}

func newPager[T any](m *MailboxClient, q *query) *pager[T] {
	l := &m.shapes[q.kind]
	return &pager[T]{m: m, q: q, shape: l.get(m), sizes: l.sizes(m), link: q.link}
}

// next returns the next page, and keeps the link to the one after it.
func (p *pager[T]) next(ctx context.Context) (page[T], error) {
	if p.linkErr != nil {
		return page[T]{}, &Error{Op: p.q.op, Err: p.linkErr}
	}
	v, err := p.fetch(ctx)
	if err != nil {
		return v, err
	}
	p.sizes.succeeded(len(v.Value))
	p.m.shapes[p.q.kind].set(p.shape, p.sizes.now)
	p.link = ""
	if v.NextLink == "" {
		p.mailbox = p.m.answeredBy(p.call.url)
	} else {
		p.link, p.linkErr = p.m.client.resolve(p.call.url, v.NextLink)
		if p.linkErr == nil {
			p.linkErr = p.walk.step(p.link, len(v.Value))
		}
	}
	return v, nil
}

// fetch requests the page at the pager's link in one way after the other.
func (p *pager[T]) fetch(ctx context.Context) (page[T], error) {
	expand := true
	for {
		v, err := p.request(ctx, expand)
		switch {
		case err == nil:
			p.expanded(expand)
			return v, nil
		case ctx.Err() != nil:
			return v, err
		case p.link == "" && p.shape.reduce(p.q, err):
		case !maySplit(err), !p.m.client.reached.Load():
			return v, err
		case expand && p.expands():
			expand = false
		case p.size() > 1 && p.sizes.failed():
			expand = true
		default:
			return p.insist(ctx, expand, err)
		}
	}
}

// insist requests a page once more that failed in the smallest size, when Graph answers for
// the mailbox.
func (p *pager[T]) insist(ctx context.Context, expand bool, err error) (page[T], error) {
	if probed := p.m.Probe(ctx); probed != nil {
		return page[T]{}, fmt.Errorf("%w; the mailbox itself: %w", err, probed)
	}
	v, err := p.request(ctx, expand)
	if err != nil && ctx.Err() == nil && maySplit(err) {
		err = fmt.Errorf("%w: %w", err, errPage)
	}
	return v, err
}

// request sends the request for the page at the pager's link.
func (p *pager[T]) request(ctx context.Context, expand bool) (page[T], error) {
	call := &call{op: p.q.op, method: http.MethodGet, url: p.target(expand), attempts: p.attempts, partial: true}
	if n := p.size(); n > 0 {
		call.header = map[string]string{"Prefer": "odata.maxpagesize=" + strconv.Itoa(n)}
	}
	v, err := get[page[T]](ctx, &p.m.caller, call)
	if err == nil {
		p.call = call
	}
	return v, err
}

// size returns how many elements are requested; 0 leaves that to the service.
func (p *pager[T]) size() int {
	if !p.q.paged || p.shape.top == 0 {
		return 0
	}
	return min(p.shape.top, p.sizes.now)
}

// target returns the URL of the page: a link as Graph gave it, unless the page is to be shorter
// or without extended properties.
func (p *pager[T]) target(expand bool) string {
	if p.link == "" {
		s := p.shape
		if s.top = p.size(); !expand {
			s.withoutExpand(p.q)
		}
		return p.q.url + s.query(p.q)
	}
	return editLink(p.link, p.size(), expand)
}

// expands reports whether the page is requested with extended properties.
func (p *pager[T]) expands() bool {
	if p.link == "" {
		return p.shape.expands(p.q)
	}
	return editLink(p.link, 0, false) != p.link
}

// maxBarePages is how many pages may fail with extended properties, and come without, until
// they are no longer requested.
const maxBarePages = 3

// expanded notes whether a page came with the extended properties that were requested.
func (p *pager[T]) expanded(expand bool) {
	if expand {
		return
	}
	if p.shape.bare++; p.shape.bare >= maxBarePages {
		p.shape.withoutExpand(p.q)
	}
}

// attempts says how often a page is requested in one way before another is tried.
func (p *pager[T]) attempts(e *Error) int {
	switch {
	case e.StatusCode == http.StatusTooManyRequests || !splits(e):
		return math.MaxInt
	case e.StatusCode == 0:
		return 4
	case p.looksAhead:
		return 2
	case p.size() > 1:
		return 3
	}
	return 4
}

// maySplit reports whether a page that failed may come in parts.
func maySplit(err error) bool {
	var e *Error
	return errors.As(err, &e) && splits(e)
}

// splits reports whether an error may be that of a page which is too large or too slow, or has
// one element in it that Graph cannot read.
func splits(e *Error) bool {
	switch {
	case errors.Is(e, errTooLarge), errors.Is(e, errTooMany), errors.Is(e, errMalformed):
		return true
	case e.StatusCode == 0:
		return e.temporary()
	}
	return e.StatusCode >= 500 && e.StatusCode != http.StatusNotImplemented || e.StatusCode/100 == 2 && e.Err != nil
}

// refusesLink reports whether an error may be that of a link, or of a query, which Graph does not
// accept.
func refusesLink(e *Error) bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone,
		http.StatusPreconditionFailed, http.StatusNotImplemented:
		return !ofMailbox(e)
	}
	return false
}

// skipTo returns the URL of the page behind n items of the query.
func (p *pager[T]) skipTo(n int) string {
	target := p.q.url + p.shape.query(p.q)
	separator := "?"
	if strings.Contains(target, "?") {
		separator = "&"
	}
	return target + separator + "%24skip=" + strconv.Itoa(n)
}

// ending returns what the last page said.
func (p *pager[T]) ending(deltaLink string) (ending, error) {
	end := ending{mailbox: p.mailbox}
	if deltaLink == "" {
		return end, nil
	}
	var err error
	if end.deltaLink, err = p.m.client.resolve(p.call.url, deltaLink); err != nil {
		return end, &Error{Op: p.q.op, Err: err}
	}
	return end, nil
}

// editLink returns a link with another $top, where it has one, and without $expand. A size of 0
// leaves $top as it is.
func editLink(link string, size int, expand bool) string {
	path, query, _ := strings.Cut(link, "?")
	var kept []string
	for option := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(option, "=")
		name, _ = url.QueryUnescape(name)
		switch {
		case strings.EqualFold(name, "$expand") && !expand:
			continue
		case strings.EqualFold(name, "$top") && size > 0:
			option = "%24top=" + strconv.Itoa(size)
		}
		kept = append(kept, option)
	}
	return withQuery(path, strings.Join(kept, "&"))
}

// A walk goes from page to page and notices when it goes in a circle: it compares
// with one page before, which it replaces after 1, 2, 4, 8… steps.
type walk struct {
	mark         string
	steps, limit int
	empty        int
}

func (w *walk) step(link string, elements int) error {
	if w.empty++; elements > 0 {
		w.empty = 0
	}
	if w.empty > maxEmptyPages {
		return finalf("%w: %d in a row were empty, each with a nextLink", ErrEndless, maxEmptyPages)
	}
	if link == w.mark && (elements > 0 || w.empty > maxEmptyTurns) {
		return finalf("%w: a nextLink leads back to a page before", ErrEndless)
	}
	if w.steps++; w.steps >= w.limit {
		w.mark, w.steps, w.limit = link, 0, max(1, 2*w.limit)
	}
	return nil
}
