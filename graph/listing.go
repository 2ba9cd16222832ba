package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// maxPage bounds the JSON of a page: 16 KiB for each of 999 items.
	maxPage = 16 << 20

	// maxEmptyPages is how many pages in a row may be empty and still tell of a next,
	// and maxEmptyTurns how many of them may lead to where they came from.
	maxEmptyPages = 1000
	maxEmptyTurns = 20
)

var (
	errTooLarge  = finalf("the response has more than %d MiB", maxPage>>20)
	errMalformed = errors.New("the response is malformed")
	errLost      = errors.New("the pages have no end")
)

// A query is a list or a resource that is asked for, in the fullest of the variants
// that the service takes.
type query struct {
	kind     kind
	op       string
	url      string
	variants []url.Values // from the one with all that is of use to the least
	paged    bool         // it says how long pages may be

	// link, if set, is where to start instead. It has the options in it.
	link string

	attempts func(*Error) int // as a call's
}

// A page is one answer to a list request.
type page[T any] struct {
	Value     []T
	NextLink  string `json:"@odata.nextLink"`
	DeltaLink string `json:"@odata.deltaLink"`
}

// An ending is what the end of a list tells.
type ending struct {
	mailbox   string // which other mailbox answered
	deltaLink string
}

// list calls yield for all elements of a list, page by page, until it returns an
// error. It starts anew, with less, when what was asked for makes a page fail.
func list[T any](ctx context.Context, m *MailboxClient, q *query, yield func(T) error) (ending, error) {
	for {
		p, call, err := first[page[T]](ctx, m, q)
		if err != nil {
			return ending{}, err
		}
		var stopped error
		end, err := walkPages(ctx, m, p, call, func(v T) error {
			stopped = yield(v)
			return stopped
		})
		if err == nil || stopped != nil || !m.shapes[q.kind].shrink(m, q, err) {
			return end, err
		}
	}
}

// walkPages goes from the first page, which call brought, to the last.
func walkPages[T any](ctx context.Context, m *MailboxClient, p page[T], call *call, yield func(T) error) (ending, error) {
	var walk walk
	for {
		for _, v := range p.Value {
			if err := yield(v); err != nil {
				return ending{}, err
			}
		}
		if p.NextLink == "" {
			return m.ending(call, p.DeltaLink)
		}
		next, err := m.client.resolve(call.url, p.NextLink)
		if err == nil {
			err = walk.step(next, len(p.Value))
		}
		if err != nil {
			return ending{}, &Error{Op: call.op, Err: err}
		}
		call.url = next
		if p, err = get[page[T]](ctx, &m.caller, call); err != nil {
			return ending{}, err
		}
	}
}

func (m *MailboxClient) ending(call *call, deltaLink string) (ending, error) {
	end := ending{mailbox: m.answeredBy(call.url)}
	if deltaLink == "" {
		return end, nil
	}
	var err error
	if end.deltaLink, err = m.client.resolve(call.url, deltaLink); err != nil {
		return end, &Error{Op: call.op, Err: err}
	}
	return end, nil
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
		return finalf("%w: %d in a row were empty, each with a nextLink", errLost, maxEmptyPages)
	}
	if link == w.mark && (elements > 0 || w.empty > maxEmptyTurns) {
		return finalf("%w: a nextLink leads back to a page before", errLost)
	}
	if w.steps++; w.steps >= w.limit {
		w.mark, w.steps, w.limit = link, 0, max(1, 2*w.limit)
	}
	return nil
}

// first gets a resource or the first page of a list. The call that it returns has
// the URL that answered in the end, and is as those for further pages are.
func first[T any](ctx context.Context, m *MailboxClient, q *query) (T, *call, error) {
	l := &m.shapes[q.kind]
	s := l.get(m)
	for {
		call := &call{op: q.op, method: http.MethodGet, url: q.url + s.query(q), header: s.header(q), attempts: s.attempts(q)}
		if q.link != "" {
			call.url = q.link
		}
		v, err := get[T](ctx, &m.caller, call)
		if err == nil {
			l.set(s)
			return v, call, nil
		}
		if q.link != "" || !s.reduce(q, err) {
			return v, nil, err
		}
	}
}

// lenient is how responses are read: what is in doubt is not worth losing them.
var lenient = json.JoinOptions(json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// pages holds buffers for responses: decoding copies what it keeps.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// get sends a call and decodes its response. One that is cut off or malformed is
// asked for again.
func get[T any](ctx context.Context, c *caller, call *call) (T, error) {
	var v T
	err := c.do(ctx, call, func(r *reply) error {
		body := pages.Get().(*bytes.Buffer)
		defer pages.Put(body)
		body.Reset()
		_, err := body.ReadFrom(io.LimitReader(r.Body, maxPage+1))
		if err == nil && body.Len() > maxPage {
			err = errTooLarge
		}
		if err == nil {
			var decoded T
			if err = json.Unmarshal(body.Bytes(), &decoded, lenient); err != nil {
				err = fmt.Errorf("%w: %w", errMalformed, err)
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
