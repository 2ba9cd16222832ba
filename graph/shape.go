package graph

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// A kind is what is requested. Each has a shape of its own.
type kind int

const (
	kindFolders kind = iota
	kindFolder
	kindFolderDelta
	kindItems
	kindItemIDs
	kindItemsFrom
	kindItemIDsFrom
	kindItemsSince
	kindItemDelta
	kinds
)

// pageSizes are the page sizes that are tried after one was refused: no maximum is
// documented, 999 is known to work, and 0 leaves it to the service.
var pageSizes = []int{999, 500, 250, 100, 0}

// A shape is how a query is sent.
type shape struct {
	top     int // the page size; 0: the service's
	variant int // of the query's
	bare    int // pages that failed with extended properties and came without
}

// A listing remembers the shape that the service accepted, and the last length of pages.
type listing struct {
	mu    sync.Mutex
	known bool
	shape shape
	size  int
}

func (l *listing) get(m *MailboxClient) shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return shape{top: m.client.opts.PageSize}
	}
	return l.shape
}

// sizes returns the lengths of pages that another list starts with.
func (l *listing) sizes(m *MailboxClient) sizes {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := m.client.opts.PageSize
	return sizes{now: cmp.Or(l.size, most), ceiling: most, most: most}
}

func (l *listing) set(s shape, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.shape, l.size = true, s, size
}

// reduce makes less of s after err, and reports whether that may help: first the options, unless
// the error is about the page size.
func (s *shape) reduce(q *query, err error) bool {
	var e *Error
	if !errors.As(err, &e) || e.StatusCode != http.StatusBadRequest && e.StatusCode != http.StatusNotImplemented ||
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

// withoutExpand goes on to the first variant without extended properties, if there is one.
func (s *shape) withoutExpand(q *query) {
	for i := s.variant; i < len(q.variants); i++ {
		if !q.variants[i].Has("$expand") {
			s.variant = i
			return
		}
	}
}

func (s *shape) expands(q *query) bool { return q.variants[s.variant].Has("$expand") }

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
