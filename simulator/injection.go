package simulator

import (
	"slices"
	"strings"
	"sync"
	"time"
)

// Injection is a fault that was injected.
type Injection struct {
	fault  Fault
	faults *faults
	seen   int // requests that the fault is for
	hits   int
	first  time.Time // the first hit
}

// faults are the injected faults that may still hit.
type faults struct {
	mu  sync.Mutex
	all []*Injection
}

// Inject makes requests go wrong from now on.
func (s *Server) Inject(f Fault) *Injection {
	i := &Injection{fault: f, faults: &s.faults}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.all = append(s.faults.all, i)
	return i
}

// Hits returns how often the fault has hit.
func (i *Injection) Hits() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.hits
}

// Remove ends the fault. Its effects on requests that it has hit go on.
func (i *Injection) Remove() {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	i.faults.all = slices.DeleteFunc(i.faults.all, func(other *Injection) bool { return other == i })
}

// subject is what faults look at to decide whether they hit a request.
type subject struct {
	op       Operation
	mailbox  string // the id; empty if the request is for no mailbox
	folder   string // as in the path
	item     string // as in the path
	ids      []string
	path     string
	pageSize int  // 0 if the request is not for a list
	linked   bool // it follows a nextLink
	at       time.Time
}

// faultsFor returns what the faults, random and injected, do to a request, and counts the hits.
func (s *Server) faultsFor(request subject) effect {
	e := effect{cutAfter: -1}
	if random := s.chaos.draw(request, &s.stats); random != nil {
		e.add(random)
	}
	f := &s.faults
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.all {
		if i.fault.isFor(request) && i.hit(request.at) {
			e.add(&i.fault)
		}
	}
	f.all = slices.DeleteFunc(f.all, (*Injection).spent)
	return e
}

// isFor reports whether the fault is for a request.
func (f *Fault) isFor(s subject) bool {
	switch {
	case f.Operation != "" && f.Operation != s.op:
	case f.Mailbox != "" && !strings.EqualFold(f.Mailbox, s.mailbox):
	case f.Folder != "" && f.Folder != s.folder:
	case f.Item != "" && f.Item != s.item && !slices.Contains(s.ids, f.Item):
	case f.LargerThan > 0 && s.pageSize <= f.LargerThan:
	case f.Linked && !s.linked:
	default:
		return true
	}
	return false
}

// hit counts a request that the fault is for, and reports whether the fault hits it.
func (i *Injection) hit(now time.Time) bool {
	i.seen++
	n := i.seen - i.fault.Skip - 1
	if n < 0 || n%max(i.fault.Every, 1) != 0 || i.spent() || i.expired(now) {
		return false
	}
	if i.hits++; i.hits == 1 {
		i.first = now
	}
	return true
}

// spent reports whether the fault has hit as often as it may.
func (i *Injection) spent() bool {
	times := i.fault.Times
	if times == 0 {
		times = 1
	}
	return times >= 0 && i.hits >= times
}

// expired reports whether the fault's time is over.
func (i *Injection) expired(now time.Time) bool {
	return i.fault.For > 0 && i.hits > 0 && now.Sub(i.first) >= i.fault.For
}
