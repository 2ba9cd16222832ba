package graph

const (
	// shrinkBy is by how much a page shrinks that fails: 999 elements, 124, 15, 1.
	shrinkBy = 8

	// retryLarger is after how many pages a size is tried again that failed before.
	retryLarger = 64
)

// sizes are the lengths of a list's pages. They shrink when a page fails and double with each
// that comes, up to where pages failed; beyond that they go now and then, to find out.
type sizes struct {
	now     int // elements
	longest int // page so far: the service may have a limit of its own
	ceiling int // what failed is above it
	most    int
	streak  int // pages in a row that came with the ceiling's size
}

// failed makes pages shorter, and reports whether they were not the shortest.
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

// succeeded makes pages longer after one with n elements.
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
