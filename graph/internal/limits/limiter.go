package limits

import (
	"context"
	"sync"
	"time"
)

const (
	// growAfter is how many responses in a row, for each request in flight, raise the limit by one,
	// up to the ceiling.
	growAfter = 8

	// probeAfter is how many responses in a row let the limit exceed the ceiling. The number
	// doubles each time that Graph refuses, up to maxProbeAfter.
	probeAfter    = 400
	maxProbeAfter = 64 * probeAfter
)

// A Limiter bounds the requests to one mailbox. The number in flight halves when Graph throttles,
// once for all requests that were in flight then. It grows back one at a time to the ceiling, just
// below the number that was refused, and rarely beyond, to find out whether Graph accepts more. No
// request starts during a pause.
//
// A refusal that may be due to the request itself counts as throttling only if no request was
// answered since the refusal before. So an item that is always refused slows no other.
type Limiter struct {
	max int

	mu        sync.Mutex
	budget    budget
	limit     int
	ceiling   int // the most that was not refused
	probe     int // responses in a row before the ceiling is exceeded
	inFlight  int
	successes int           // since the limit changed
	suspect   bool          // the last response was a refusal
	epoch     int           // how often the limit was lowered
	resume    time.Time     // the end of the pause
	changed   chan struct{} // closed when a request may start
}

func newLimiter(inFlight, allowed int) *Limiter {
	return &Limiter{
		max: inFlight, limit: inFlight, ceiling: inFlight, probe: probeAfter,
		budget: budget{allowed: allowed, began: time.Now()}, changed: make(chan struct{}),
	}
}

// Acquire waits until a request may start. It calls waiting before each wait: throttled is false if
// the mailbox has as many requests in flight as Graph ever accepts. Release must follow, and the
// epoch is for Refused. The error is the cause of ctx.
func (l *Limiter) Acquire(ctx context.Context, waiting func(throttled bool)) (epoch int, err error) {
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
		changed, throttled := l.changed, pause > 0 || l.limit < l.max
		l.mu.Unlock()
		waiting(throttled)

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

// Release ends a request.
func (l *Limiter) Release() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.inFlight--
	l.wake()
}

// wake makes waiting requests check the limits again. The lock is held.
func (l *Limiter) wake() {
	close(l.changed)
	l.changed = make(chan struct{})
}

// Refused records that Graph refused a request of the epoch and requires a pause. certain says that
// the reason is the mailbox's load.
func (l *Limiter) Refused(epoch int, pause time.Duration, certain bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if certain || l.suspect {
		l.throttle(epoch, pause)
	}
	l.suspect = true
}

// throttle pauses the mailbox, and lowers the limit unless it was lowered after a request of the
// epoch started. The lock is held.
func (l *Limiter) throttle(epoch int, pause time.Duration) {
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
		l.ceiling, l.probe = l.max, probeAfter // the number in flight is not the reason
	default:
		l.ceiling = l.limit - 1
		l.limit /= 2
	}
}

// Succeeded records a response.
func (l *Limiter) Succeeded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.successes++
	l.suspect = false
	switch {
	case l.limit > l.ceiling && l.successes >= probeAfter: // Graph accepts more than before
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

// State returns the requests in flight, how many there may be now, and the budget.
func (l *Limiter) State() (inFlight, limit int, b Budget) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight, l.limit, l.budget.state(time.Now())
}

// idle reports whether the limiter can be removed: no request is in flight, and there was none in
// the last ten minutes.
func (l *Limiter) idle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	l.budget.advance(now)
	return l.inFlight == 0 && l.budget.used == 0 && !l.resume.After(now)
}
