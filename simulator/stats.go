package simulator

import (
	"maps"
	"sync"
)

// Stats counts what a server has done.
type Stats struct {
	Requests map[Operation]int64 `json:"requests"` // the requests by operation, refused ones included
	Statuses map[int]int64       `json:"statuses"` // the responses by status
	Items    int64               `json:"items"`    // exported items, including those that were cut off
	Bytes    int64               `json:"bytes"`    // bytes of their streams
	Sent     int64               `json:"sent"`     // bytes of the bodies of responses that are not errors
	Chaos    map[string]int64    `json:"chaos"`    // random faults by name
}

// Total returns the number of all requests.
func (s Stats) Total() int64 {
	var n int64
	for _, k := range s.Requests {
		n += k
	}
	return n
}

// stats guards a server's counts.
type stats struct {
	mu     sync.Mutex
	counts Stats
}

func (s *stats) init() {
	s.counts = Stats{Requests: map[Operation]int64{}, Statuses: map[int]int64{}, Chaos: map[string]int64{}}
}

// update lets count change the counts.
func (s *stats) update(count func(c *Stats)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count(&s.counts)
}

// exported counts an item whose stream has n bytes.
func (s *stats) exported(n int64) {
	s.update(func(c *Stats) {
		c.Items++
		c.Bytes += n
	})
}

// Stats returns the counts since the start.
func (s *Server) Stats() Stats {
	var now Stats
	s.stats.update(func(c *Stats) {
		now = *c
		now.Requests, now.Statuses, now.Chaos = maps.Clone(c.Requests), maps.Clone(c.Statuses), maps.Clone(c.Chaos)
	})
	return now
}
