package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

const (
	// maxPage bounds the JSON of a page: 16 KiB for each of 999 items.
	maxPage = 16 << 20

	// maxEmptyPages is how many pages in a row may be empty and still tell of a next.
	maxEmptyPages = 1000
)

// pageSizes are what is asked for, after a page size was refused: no maximum is
// documented, 999 is known to be taken, and 0 leaves it to the service.
var pageSizes = []int{999, 500, 250, 100, 0}

// A shape is how a list is asked for: the page size, and the query options, which
// a service may refuse.
type shape struct {
	top      int
	variants []url.Values // from the one with all that is of use to the least
}

// A listing remembers the shape that the service took.
type listing struct {
	mu sync.Mutex
	shape
}

func (l *listing) get(opts *Options, variants []url.Values) shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.variants == nil {
		l.shape = shape{opts.PageSize, variants}
	}
	return l.shape
}

func (l *listing) set(s shape) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shape = s
}

// reduce makes less of s after err, and reports whether that may help: first the
// options, unless the page size is what is told of.
func (s *shape) reduce(err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.StatusCode != http.StatusBadRequest && e.StatusCode != http.StatusNotImplemented ||
		strings.HasPrefix(e.Code, "ErrorInvalidId") || strings.HasPrefix(e.Code, "MailboxNot") {
		return false
	}
	text := strings.ToLower(e.Message)
	ofSize := strings.Contains(text, "top") || strings.Contains(text, "page size") || strings.Contains(text, "maxpagesize")
	if len(s.variants) > 1 && (!ofSize || s.top == 0) {
		s.variants = s.variants[1:]
		return true
	}
	for _, size := range pageSizes {
		if size < s.top {
			s.top = size
			return true
		}
	}
	return false
}

func (s *shape) query() string {
	q := url.Values{}
	for k, v := range s.variants[0] {
		q[k] = v
	}
	if s.top > 0 {
		q.Set("$top", strconv.Itoa(s.top))
	}
	if len(q) == 0 {
		return ""
	}
	return "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

func (s *shape) header() map[string]string {
	if s.top == 0 {
		return nil
	}
	return map[string]string{"Prefer": "odata.maxpagesize=" + strconv.Itoa(s.top)}
}

// A page is one answer to a list request.
type page[T any] struct {
	Value    []T
	NextLink string `json:"@odata.nextLink"`
}

// list calls yield for all elements of the list at a URL, page by page, until it
// returns an error.
func list[T any](ctx context.Context, m *MailboxClient, op, target string, l *listing, variants []url.Values, yield func(T) error) error {
	s := l.get(&m.client.opts, variants)
	first := func() call {
		return call{op: op, method: http.MethodGet, url: target + s.query(), header: s.header()}
	}
	next := first()
	p, err := get[page[T]](ctx, m.caller, &next)
	for err != nil && s.reduce(err) {
		next = first()
		p, err = get[page[T]](ctx, m.caller, &next)
	}
	if err != nil {
		return err
	}
	l.set(s)

	var walk walk
	for {
		for _, v := range p.Value {
			if err := yield(v); err != nil {
				return err
			}
		}
		if p.NextLink == "" {
			return nil
		}
		if next.url, err = m.client.resolve(next.url, p.NextLink); err == nil {
			err = walk.step(next.url, len(p.Value))
		}
		if err != nil {
			return &Error{Op: op, Err: err}
		}
		if p, err = get[page[T]](ctx, m.caller, &next); err != nil {
			return err
		}
	}
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
		return finalf("%d pages in a row were empty, each with a nextLink", maxEmptyPages)
	}
	if link == w.mark {
		return finalf("nextLink leads back to a page before")
	}
	if w.steps++; w.steps >= w.limit {
		w.mark, w.steps, w.limit = link, 0, max(1, 2*w.limit)
	}
	return nil
}

// get sends a call and decodes its response. One that is cut off or malformed is
// asked for again.
func get[T any](ctx context.Context, c *caller, call *call) (T, error) {
	var v T
	err := c.do(ctx, call, func(r *reply) error {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxPage+1))
		if err == nil && len(body) > maxPage {
			err = finalf("the response has more than %d MiB", maxPage>>20)
		}
		if err == nil {
			var decoded T
			if err = json.Unmarshal(body, &decoded); err != nil {
				err = fmt.Errorf("the response is malformed: %w", err)
			}
			v = decoded
		}
		if err != nil {
			return pageError(call.op, r, err)
		}
		return nil
	})
	return v, err
}
