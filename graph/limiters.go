package graph

import (
	"strings"
	"sync"
)

// Limiters are those of all mailboxes that were of use in the last ten minutes.
type limiters struct {
	inFlight, allowed int

	mu    sync.Mutex
	of    map[string]*limiter
	sweep int // how many there may be before those that idle are forgotten
}

// minSweep is from how many limiters on it is worth looking for those that idle.
const minSweep = 256

func newLimiters(inFlight, allowed int) *limiters {
	return &limiters{inFlight: inFlight, allowed: allowed, of: map[string]*limiter{}, sweep: minSweep}
}

// limiter returns a mailbox's. What belongs to no mailbox, with an empty id, has no
// budget.
func (s *limiters) limiter(mailbox string) *limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	mailbox = strings.ToLower(mailbox)
	l := s.of[mailbox]
	if l != nil {
		return l
	}
	if len(s.of) >= s.sweep {
		for id, l := range s.of {
			if l.idle() {
				delete(s.of, id)
			}
		}
		s.sweep = max(minSweep, 2*len(s.of))
	}
	allowed := s.allowed
	if mailbox == "" {
		allowed = 0
	}
	l = newLimiter(s.inFlight, allowed)
	s.of[mailbox] = l
	return l
}
