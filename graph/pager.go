package graph

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/mailhaul/mailhaul/graph/internal/links"
)

// ErrEndless is in the error of a list whose pages have no end.
var ErrEndless = errors.New("the pages have no end")

// errPage is in the error of a page that fails in every length while Graph answers for the mailbox.
var errPage = errors.New("Graph answers for the mailbox, but not with this page")

// A pager requests the pages of a list one by one. It requests a page that fails in other ways:
// without extended properties, and shorter.
type pager[T any] struct {
	m      *MailboxClient
	q      *query
	shape  shape
	sizes  sizes
	circle circleCheck

	isAhead bool // the page is behind one that failed

	link    string // to the next page; empty: the first page of the query
	linkErr error  // why link cannot be followed
	call    *call  // of the last page
	mailbox string // the auxiliary mailbox that answered for the last page, if one did
}

func newPager[T any](m *MailboxClient, q *query) *pager[T] {
	l := &m.shapes[q.kind]
	return &pager[T]{m: m, q: q, shape: l.get(m), sizes: l.sizes(m), link: q.link}
}

// next returns the next page, and keeps the link to the page after it.
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
		p.mailbox = p.m.auxiliary(p.call.url)
	} else {
		p.link, p.linkErr = p.m.client.base.Resolve(p.call.url, v.NextLink)
		if p.linkErr == nil {
			p.linkErr = p.circle.step(p.link, len(v.Value))
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
		case !mayBePage(err), !p.m.client.reached.Load():
			return v, err
		case expand && p.expands():
			expand = false
		case p.size() > 1 && p.sizes.failed():
			expand = true
		default:
			return p.requestAgain(ctx, expand, err)
		}
	}
}

// requestAgain requests a page once more that failed in the shortest length, if Graph answers for the
// mailbox.
func (p *pager[T]) requestAgain(ctx context.Context, expand bool, err error) (page[T], error) {
	if probed := p.m.Probe(ctx); probed != nil {
		return page[T]{}, fmt.Errorf("%w; the mailbox itself: %w", err, probed)
	}
	v, err := p.request(ctx, expand)
	if err != nil && ctx.Err() == nil && mayBePage(err) {
		err = fmt.Errorf("%w: %w", err, errPage)
	}
	return v, err
}

// request requests the page at the pager's link.
func (p *pager[T]) request(ctx context.Context, expand bool) (page[T], error) {
	n := p.size()
	call := &call{op: p.q.op, use: usePage, method: http.MethodGet, url: p.target(expand)}
	switch {
	case p.isAhead:
		call.use = useAhead
	case n <= 1:
		call.use = useShortest
	}
	if n > 0 {
		call.header = map[string]string{"Prefer": "odata.maxpagesize=" + strconv.Itoa(n)}
	}
	v, err := get[page[T]](ctx, &p.m.caller, call)
	if err == nil {
		p.call = call
	}
	return v, err
}

// size returns the requested length of the page; 0 leaves it to Graph.
func (p *pager[T]) size() int {
	if !p.q.paged || p.shape.top == 0 {
		return 0
	}
	return min(p.shape.top, p.sizes.now)
}

// target returns the URL of the page: Graph's link, changed if the page is to be shorter or without
// extended properties.
func (p *pager[T]) target(expand bool) string {
	if p.link == "" {
		s := p.shape
		if s.top = p.size(); !expand {
			s.withoutExpand(p.q)
		}
		return p.q.url + s.query(p.q)
	}
	return links.Edit(p.link, p.size(), expand)
}

// expands reports whether the page is requested with extended properties.
func (p *pager[T]) expands() bool {
	if p.link == "" {
		return p.shape.expands(p.q)
	}
	return links.Edit(p.link, 0, false) != p.link
}

// expanded records whether a page came with the extended properties that were requested.
func (p *pager[T]) expanded(expand bool) {
	if expand {
		return
	}
	if p.shape.bare++; p.shape.bare >= maxBarePages {
		p.shape.withoutExpand(p.q)
	}
}

// mayBePage reports whether an error may be due to a page that is too large or too slow, or that
// has an element which Graph cannot read.
func mayBePage(err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.class() {
	case classLimit, classBusy, classServer, classNoAnswer:
		return true
	}
	return e.Err != nil && e.StatusCode/100 == 2
}

// refusesLink reports whether an error may mean that Graph does not accept a link or a query.
func refusesLink(e *Error) bool {
	switch e.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusGone,
		http.StatusPreconditionFailed, http.StatusNotImplemented:
		return !isNoMailbox(e)
	}
	return false
}

// skipTo returns the URL of the page behind n elements of the query.
func (p *pager[T]) skipTo(n int) string {
	return links.AddSkip(p.q.url+p.shape.query(p.q), n)
}

// ending returns the end of the list, from the deltaLink of its last page.
func (p *pager[T]) ending(deltaLink string) (ending, error) {
	end := ending{mailbox: p.mailbox}
	if deltaLink == "" {
		return end, nil
	}
	var err error
	if end.deltaLink, err = p.m.client.base.Resolve(p.call.url, deltaLink); err != nil {
		return end, &Error{Op: p.q.op, Err: err}
	}
	return end, nil
}
