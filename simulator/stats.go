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

type stats struct {
	mu sync.Mutex
	Stats
}

// Stats returns the counts since the start.
func (s *Server) Stats() Stats {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	now := s.stats.Stats
	now.Requests, now.Statuses, now.Chaos = maps.Clone(now.Requests), maps.Clone(now.Statuses), maps.Clone(now.Chaos)
	return now
}

func (s *stats) init() {
	s.Requests, s.Statuses, s.Chaos = map[Operation]int64{}, map[int]int64{}, map[string]int64{}
}

func (s *stats) random(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Chaos[name]++
}

func (s *stats) request(op Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests[op]++
}

func (s *stats) response(status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Statuses[status]++
}

func (s *stats) exported(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Items++
	s.Bytes += bytes
}

func (s *stats) sent(bytes int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Sent += bytes
}
