package simulator

import (
	"maps"
	"sync"
)

// Stats is what a server has been asked for and what came of it.
type Stats struct {
	Requests map[Operation]int64 // the requests by operation, refused ones included
	Statuses map[int]int64       // the responses by status
	Items    int64               // items exported, whole or not
	Bytes    int64               // bytes of their streams
}

// Total is the number of all requests.
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

// Stats returns what was counted since the start.
func (s *Server) Stats() Stats {
	s.stats.mu.Lock()
	defer s.stats.mu.Unlock()
	now := s.stats.Stats
	now.Requests, now.Statuses = maps.Clone(now.Requests), maps.Clone(now.Statuses)
	return now
}

func (s *stats) request(op Operation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.Requests == nil {
		s.Requests, s.Statuses = map[Operation]int64{}, map[int]int64{}
	}
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
