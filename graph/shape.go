package graph

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// A kind is what is asked for. Each has a shape of its own.
type kind int

const (
	kindFolders kind = iota
	kindFolder
	kindFolderDelta
	kindItems
	kindItemIDs
	kindItemsSince
	kindItemDelta
	kinds
)

// pageSizes are what is asked for, after a page size was refused: no maximum is
// documented, 999 is known to be taken, and 0 leaves it to the service.
var pageSizes = []int{999, 500, 250, 100, 0}

// A shape is how a query is asked for.
type shape struct {
	top     int // the page size; 0: the service's
	variant int // of the query's
}

// A listing remembers the shape that the service took.
type listing struct {
	mu    sync.Mutex
	known bool
	shape shape
}

func (l *listing) get(m *MailboxClient) shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return shape{top: m.client.opts.PageSize}
	}
	return l.shape
}

func (l *listing) set(s shape) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.shape = true, s
}

// shrink makes the shape one without extended properties, if these may be why a
// page failed after others had come.
func (l *listing) shrink(m *MailboxClient, q *query, err error) bool {
	s := l.get(m)
	var e *Error
	if q.link != "" || !errors.As(err, &e) || !tooMuch(e) || !s.reduce(q, err) {
		return false
	}
	l.set(s)
	return true
}

// reduce makes less of s after err, and reports whether that may help: first the
// options, unless the page size is what is told of.
func (s *shape) reduce(q *query, err error) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	if tooMuch(e) {
		return s.withoutExpand(q)
	}
	if e.StatusCode != http.StatusBadRequest && e.StatusCode != http.StatusNotImplemented ||
		strings.HasPrefix(e.Code, "ErrorInvalidId") || strings.HasPrefix(e.Code, "MailboxNot") {
		return false
	}
	text := strings.ToLower(e.Message)
	ofSize := strings.Contains(text, "top") || strings.Contains(text, "page size") || strings.Contains(text, "maxpagesize")
	if s.variant < len(q.variants)-1 && (!ofSize || s.top == 0 || !q.paged) {
		s.variant++
		return true
	}
	for _, size := range pageSizes {
		if size < s.top && q.paged {
			s.top = size
			return true
		}
	}
	return false
}

// withoutExpand goes on to the variant that asks for no extended properties.
func (s *shape) withoutExpand(q *query) bool {
	if !s.expands(q) {
		return false
	}
	for ; s.variant < len(q.variants)-1; s.variant++ {
		if !q.variants[s.variant].Has("$expand") {
			break
		}
	}
	return !s.expands(q)
}

func (s *shape) expands(q *query) bool { return q.variants[s.variant].Has("$expand") }

// tooMuch reports whether an error may come from extended properties that make a
// page too large, too slow or, in a service that has no good answer, malformed.
func tooMuch(e *Error) bool {
	switch e.StatusCode {
	case http.StatusInternalServerError, http.StatusBadGateway, http.StatusGatewayTimeout:
		return true
	}
	return errors.Is(e, errTooLarge) || errors.Is(e, errMalformed)
}

// patience is how often a request is sent for which there is another way.
const patience = 4

// attempts bounds how often the query is sent in this shape.
func (s *shape) attempts(q *query) func(*Error) int {
	if q.attempts != nil || !s.expands(q) {
		return q.attempts
	}
	return func(e *Error) int {
		if tooMuch(e) {
			return patience
		}
		return math.MaxInt
	}
}

func (s *shape) query(q *query) string {
	values := url.Values{}
	for k, v := range q.variants[s.variant] {
		values[k] = v
	}
	if s.top > 0 && q.paged {
		values.Set("$top", strconv.Itoa(s.top))
	}
	if len(values) == 0 {
		return ""
	}
	return "?" + strings.ReplaceAll(values.Encode(), "+", "%20")
}

func (s *shape) header(q *query) map[string]string {
	if s.top == 0 || !q.paged {
		return nil
	}
	return map[string]string{"Prefer": "odata.maxpagesize=" + strconv.Itoa(s.top)}
}
