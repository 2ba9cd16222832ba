package graph

import (
	"context"
	"sync"
	"time"
)

const (
	// growAfter is how many responses in a row, for each request in flight, let a
	// limiter allow one more, up to what was refused before.
	growAfter = 8

	// probeAfter is how many responses in a row let it try what was refused before,
	// and maxProbeAfter the most of it: it doubles each time that it is refused again.
	probeAfter    = 400
	maxProbeAfter = 64 * probeAfter
)

// A limiter bounds the requests for one mailbox: those in flight and those in ten
// minutes. What may be in flight halves when Graph throttles, once for all requests
// that were in flight then, and grows back one at a time to just below where that
// was. Beyond it goes rarely, to find out. No request starts while Graph asked for a
// pause.
//
// A refusal that may be about what was requested counts as throttling only if nothing
// was answered between it and the one before: one item that is always refused slows no
// other.
type limiter struct {
	max int

	mu        sync.Mutex
	budget    budget
	limit     int
	ceiling   int // the most that was not refused
	probe     int // responses in a row before the ceiling is tried
	inFlight  int
	successes int           // since the limit changed
	suspect   bool          // the last answer was a refusal
	epoch     int           // how often the limit was lowered
	resume    time.Time     // the end of the pause
	changed   chan struct{} // closed when a request may start
}

// newLimiter returns a limiter for so many requests in flight and, unless it is 0,
// in ten minutes.
func newLimiter(inFlight, allowed int) *limiter {
	return &limiter{
		max: inFlight, limit: inFlight, ceiling: inFlight, probe: probeAfter,
		budget: newBudget(allowed, time.Now()), changed: make(chan struct{}),
	}
}

// acquire waits until a request may start. The epoch is for throttled; release
// must follow.
func (l *limiter) acquire(ctx context.Context) (epoch int, err error) {
	trace := traceOf(ctx)
	defer trace.waiting(WaitNone)
	for {
		l.mu.Lock()
		now := time.Now()
		pause := max(l.resume.Sub(now), l.budget.wait(now))
		if pause <= 0 && l.inFlight < l.limit && ctx.Err() == nil {
			l.inFlight++
			l.budget.spend(now)
			defer l.mu.Unlock()
			return l.epoch, nil
		}
		changed, reason := l.changed, WaitGraph
		if pause > 0 || l.limit < l.max {
			reason = WaitLimit
		}
		l.mu.Unlock()
		trace.waiting(reason)

		var over <-chan time.Time
		if pause > 0 {
			over = time.After(pause)
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-changed:
		case <-over:
		}
	}
}

func (l *limiter) release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// wake lets those that wait look again. The lock is held.
func (l *limiter) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// refused counts a refusal of a request of the epoch, with the pause that it asks for.
// It is certain if it is about the mailbox.
func (l *limiter) refused(epoch int, pause time.Duration, certain bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if certain || l.suspect {
		l.throttled(epoch, pause)
	}
	l.suspect = true
}

// throttled pauses the mailbox, and lowers the limit unless that was done since the
// request of the epoch started. The lock is held.
func (l *limiter) throttled(epoch int, pause time.Duration) {
	if until := time.Now().Add(pause); until.After(l.resume) {
		l.resume = until
	}
	l.successes = 0
	if epoch != l.epoch {
		return
	}
	l.epoch++
	switch {
	case l.limit > l.ceiling:
		l.limit = l.ceiling
		l.probe = min(2*l.probe, maxProbeAfter)
	case l.limit == 1:
		l.ceiling, l.probe = l.max, probeAfter // it is not how many there are at once
	default:
		l.ceiling = l.limit - 1
		l.limit /= 2
	}
}

// succeeded counts a response.
func (l *limiter) succeeded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.successes++
	l.suspect = false
	switch {
	case l.limit > l.ceiling && l.successes >= probeAfter: // it was not refused for long
		l.ceiling, l.probe = l.limit, probeAfter
		l.limit = min(l.limit+1, l.max)
	case l.limit < l.ceiling && l.successes >= growAfter*l.limit,
		l.limit == l.ceiling && l.limit < l.max && l.successes >= l.probe:
		l.limit++
	default:
		return
	}
	l.successes = 0
	l.wake()
}

func (l *limiter) state() (inFlight, limit int, b Budget) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight, l.limit, l.budget.state(time.Now())
}

// idle reports whether forgetting the limiter loses nothing that counts: no request
// is in flight, and none was in the last ten minutes.
func (l *limiter) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.budget.advance(now)
	return l.inFlight == 0 && l.budget.used == 0 && !l.resume.After(now)
}
