package graph

import (
	"context"
	"sync"
	"time"
)

// growAfter is how many responses in a row, for each request in flight, let the
// limiter allow one more.
const growAfter = 8

// A limiter bounds the requests in flight for one mailbox. Its limit halves when
// Graph throttles, once for all requests that were in flight then, and grows back
// by one at a time; and it starts none while Graph asked for a pause.
type limiter struct {
	max int

	mu        sync.Mutex
	limit     int
	inFlight  int
	successes int           // since the limit changed
	epoch     int           // how often the limit was halved
	resume    time.Time     // the end of the pause
	changed   chan struct{} // closed when a request may start
}

func newLimiter(n int) *limiter {
	return &limiter{max: n, limit: n, changed: make(chan struct{})}
}

// acquire waits until a request may start. The epoch is for throttled; release
// must follow.
func (l *limiter) acquire(ctx context.Context) (epoch int, err error) {
	for {
		l.mu.Lock()
		pause := time.Until(l.resume)
		if pause <= 0 && l.inFlight < l.limit && ctx.Err() == nil {
			l.inFlight++
			defer l.mu.Unlock()
			return l.epoch, nil
		}
		changed := l.changed
		l.mu.Unlock()

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

// throttled pauses the mailbox, and halves the limit unless that was done since
// the request of the epoch started.
func (l *limiter) throttled(epoch int, pause time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := time.Now().Add(pause); until.After(l.resume) {
		l.resume = until
	}
	l.successes = 0
	if epoch == l.epoch {
		l.limit = max(1, l.limit/2)
		l.epoch++
	}
}

// succeeded counts a response.
func (l *limiter) succeeded() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.successes++; l.limit < l.max && l.successes >= growAfter*l.limit {
		l.limit++
		l.successes = 0
		l.wake()
	}
}

func (l *limiter) state() (inFlight, limit int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.inFlight, l.limit
}
