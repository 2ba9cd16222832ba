// Package limits keeps requests within what Graph allows a mailbox: requests in flight, requests in
// ten minutes, and pauses while Graph throttles.
package limits

import (
	"strings"
	"sync"
)

// Limits has the limiter of each mailbox that was used in the last ten minutes. It is safe for
// concurrent use.
type Limits struct {
	inFlight, allowed int

	mu        sync.Mutex
	mailboxes map[string]*Limiter
	sweepAt   int // number of limiters from which idle ones are removed
}

// minSweep is the number of limiters below which idle ones are kept.
const minSweep = 256

// New returns limits for each mailbox: requests in flight and, unless allowed is 0, requests in ten
// minutes.
func New(inFlight, allowed int) *Limits {
	return &Limits{inFlight: inFlight, allowed: allowed, mailboxes: map[string]*Limiter{}, sweepAt: minSweep}
}

// Mailbox returns a mailbox's limiter. The case of the id does not matter. With an empty id it is
// that of requests which belong to no mailbox; they have no budget.
func (s *Limits) Mailbox(id string) *Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	id = strings.ToLower(id)
	l := s.mailboxes[id]
	if l != nil {
		return l
	}
	if len(s.mailboxes) >= s.sweepAt {
		for id, l := range s.mailboxes {
			if l.idle() {
				delete(s.mailboxes, id)
			}
		}
		s.sweepAt = max(minSweep, 2*len(s.mailboxes))
	}
	allowed := s.allowed
	if id == "" {
		allowed = 0
	}
	l = newLimiter(s.inFlight, allowed)
	s.mailboxes[id] = l
	return l
}

// Len returns the number of limiters.
func (s *Limits) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mailboxes)
}
