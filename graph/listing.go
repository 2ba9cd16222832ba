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
	// maxPage bounds the JSON of a page, in bytes: 16 KiB for each of 999 items.
	maxPage = 16 << 20

	// maxElements bounds the elements of a page.
	maxElements = 10_000
)

var (
	errTooLarge  = finalf("the response has more than %d MiB", maxPage>>20)
	errTooMany   = finalf("the page has more than %d elements", maxElements)
	errMalformed = errors.New("the response is malformed")
)

// byteOrderMark is that of UTF-8, which some services put before JSON.
var byteOrderMark = []byte("\xef\xbb\xbf")

// A query is a list or a resource. It is requested in the first of the variants that Graph accepts.
type query struct {
	kind     kind
	op       string
	url      string
	variants []url.Values // options, from all that are useful to none
	paged    bool         // requests have a page size

	link string // replaces url and variants for the first page, if set
}

// A page is the response to a request for a list.
type page[T any] struct {
	Value     elements[T]
	NextLink  string `json:"@odata.nextLink"`
	DeltaLink string `json:"@odata.deltaLink"`
}

// elements are those of a page. Their number is checked while they are decoded, as short JSON may
// need much memory.
type elements[T any] []T

// UnmarshalJSONFrom implements json.UnmarshalerFrom.
func (e *elements[T]) UnmarshalJSONFrom(dec *jsontext.Decoder) (err error) {
	*e, err = decodeArray[T](dec, maxElements)
	if err == nil && len(*e) > maxElements {
		err = errTooMany
	}
	return err
}

// decodeArray decodes an array, and keeps at most one element more than most.
func decodeArray[T any](dec *jsontext.Decoder, most int) (all []T, err error) {
	if dec.PeekKind() != '[' {
		return all, json.UnmarshalDecode(dec, &all) // null, or an error that names the type
	}
	if _, err := dec.ReadToken(); err != nil {
		return nil, err
	}
	for dec.PeekKind() != ']' {
		if len(all) > most {
			err = dec.SkipValue()
		} else {
			var v T
			err = json.UnmarshalDecode(dec, &v)
			all = append(all, v)
		}
		if err != nil {
			return nil, err
		}
	}
	_, err = dec.ReadToken()
	return all, err
}

// An ending is the end of a list.
type ending struct {
	mailbox   string // the auxiliary mailbox that answered, if one did
	deltaLink string
}

// list calls yield with the elements of each page. yield reports whether any of them is new.
func list[T any](ctx context.Context, m *MailboxClient, q *query, yield func([]T) (fresh bool, err error)) (ending, error) {
	p := newPager[T](m, q)
	var stale stalePages
	for n := 0; ; {
		linked := p.link != ""
		page, err := p.next(ctx)
		e, ok := errors.AsType[*Error](err)
		if linked && ok && refusesLink(e) && ctx.Err() == nil && q.kind == kindFolders {
			p.link, p.linkErr = p.skipTo(n), nil
			page, err = p.next(ctx)
		}
		if err != nil {
			return ending{}, err
		}
		n += len(page.Value)
		fresh, err := yield(page.Value)
		if err == nil && !fresh && len(page.Value) > 0 {
			err = stale.add(q.op)
		}
		if err != nil {
			return ending{}, err
		}
		if page.NextLink == "" {
			return p.ending(page.DeltaLink)
		}
	}
}

// first gets a resource. The returned call has the URL that answered.
func first[T any](ctx context.Context, m *MailboxClient, q *query) (T, *call, error) {
	l := &m.shapes[q.kind]
	s := l.get(m)
	for {
		call := &call{op: q.op, method: http.MethodGet, url: q.url + s.query(q)}
		v, err := get[T](ctx, &m.caller, call)
		if err == nil {
			l.set(s, 0)
			return v, call, nil
		}
		if !s.reduce(q, err) {
			return v, nil, err
		}
	}
}

// lenient accepts what is no reason to lose a response.
var lenient = json.JoinOptions(json.MatchCaseInsensitiveNames(true), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))

// pages holds buffers for responses: decoding copies what it keeps.
var pages = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// get sends a call and decodes its response. A response that is cut off or malformed is requested
// again.
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
			v, err = decode[T](body.Bytes())
		}
		if err != nil {
			return bodyError(call.op, r, err)
		}
		return nil
	})
	return v, err
}

// decode decodes a response.
func decode[T any](body []byte) (v T, err error) {
	err = json.Unmarshal(bytes.TrimPrefix(body, byteOrderMark), &v, lenient)
	if err != nil && !errors.Is(err, errTooMany) {
		err = fmt.Errorf("%w: %w", errMalformed, err)
	}
	return v, err
}
