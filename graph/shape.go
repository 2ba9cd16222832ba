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

// A kind of list or resource. Each has its own shape.
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

// pageSizes are the page sizes that are requested one after the other when Graph refuses one. No
// maximum is documented, 999 is known to work, and 0 leaves the size to Graph.
var pageSizes = []int{999, 500, 250, 100, 0}

// A shape is how a query is sent.
type shape struct {
	top     int // the page size; 0: Graph's
	variant int // index in query.variants
	bare    int // pages that failed with extended properties and succeeded without
}

// A shapeMemory has the shape that Graph accepted for a kind of list, and the last length of pages.
type shapeMemory struct {
	mu    sync.Mutex
	known bool
	shape shape
	size  int
}

func (l *shapeMemory) get(m *MailboxClient) shape {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.known {
		return shape{top: m.client.opts.PageSize}
	}
	return l.shape
}

// sizes returns the lengths of pages with which the next list starts.
func (l *shapeMemory) sizes(m *MailboxClient) sizes {
	l.mu.Lock()
	defer l.mu.Unlock()
	most := m.client.opts.PageSize
	return sizes{now: cmp.Or(l.size, most), ceiling: most, most: most}
}

func (l *shapeMemory) set(s shape, size int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known, l.shape, l.size = true, s, size
}

// reduce requests less after err, and reports whether that may help. It reduces the options before
// the page size, unless the error is about the page size.
func (s *shape) reduce(q *query, err error) bool {
	e, ok := errors.AsType[*Error](err)
	if !ok || e.StatusCode != http.StatusBadRequest && e.StatusCode != http.StatusNotImplemented ||
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

// withoutExpand advances to the first variant without extended properties, if there is one.
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

const (
	// shrinkBy divides the length of a page that fails: 999 elements, 124, 15, 1.
	shrinkBy = 8

	// retryLarger is after how many pages a length is requested again that failed before.
	retryLarger = 64
)

// sizes are the lengths of a list's pages. A length shrinks when a page fails, and doubles with
// each page that succeeds, up to the length that failed. It exceeds that rarely, to find out
// whether it still fails.
type sizes struct {
	now     int // elements
	longest int // page so far: Graph may have a limit of its own
	ceiling int // longer pages failed
	most    int
	streak  int // pages of the ceiling's length in a row that succeeded
}

// failed makes pages shorter. It returns false if they have the shortest length.
func (s *sizes) failed() bool {
	if s.now <= 1 {
		return false
	}
	if s.longest > 0 {
		s.now = min(s.now, s.longest)
	}
	s.ceiling, s.streak = max(1, s.now-1), 0
	s.now = max(1, s.now/shrinkBy)
	return true
}

// succeeded makes pages longer after a page of n elements.
func (s *sizes) succeeded(n int) {
	s.longest = max(s.longest, n)
	if s.now < s.ceiling {
		s.now = min(2*s.now, s.ceiling)
		return
	}
	if s.streak++; s.streak == retryLarger {
		s.ceiling, s.streak = s.most, 0
		s.now = min(2*s.now, s.ceiling)
	}
}
