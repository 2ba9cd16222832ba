package pipeline

import (
	"context"
	"sync"
	"time"
)

const (
	// maxAside bounds the items that are set aside: as many as may fail.
	maxAside = maxFailures

	// Items that were set aside are requested again in lateRounds rounds, with pauses of
	// 1, 2, 4… seconds before them, up to a minute. A round that begins after lateTime is
	// the last. There are more only where it is in doubt whether exports work at all.
	lateRounds = 8
	lateTime   = 5 * time.Minute

	// maxBehind is how often an item is requested again whose data is not as listed: it
	// may be large.
	maxBehind = 2
)

// A setback is what came of the requests for an item that is set aside.
type setback struct {
	attempts int  // requests
	behind   int  // of these, those that brought data with another change key than the listing's
	alone    bool // it had better be requested without others
	first    bool // the item was listed once: the run's account has it when this is over
}

// Aside holds items that did not come, or not as listed, while others of the mailbox did:
// the run requests them again when it is through with the others. Until then they are
// listed as failed, so that what is committed meanwhile covers them, and counted as
// pending. It knows when the exporters are through.
type aside struct {
	mu     sync.Mutex
	items  []item
	closed bool // no more are taken
	asked  int  // batches that exporters work at, or are to
	idle   chan struct{}
}

func newAside() *aside { return &aside{idle: make(chan struct{}, 1)} }

// put sets an item aside, and reports whether that is possible.
func (a *aside) put(it item) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed || len(a.items) == maxAside {
		return false
	}
	a.items = append(a.items, it)
	return true
}

// take returns what was set aside. After the last time no more can be.
func (a *aside) take(last bool) []item {
	a.mu.Lock()
	defer a.mu.Unlock()
	items := a.items
	a.items, a.closed = nil, last
	return items
}

// began counts a batch that is on its way to an exporter.
func (a *aside) began() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked++
}

// ended counts a batch that an exporter is through with.
func (a *aside) ended() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.asked--; a.asked == 0 {
		select {
		case a.idle <- struct{}{}:
		default: // it is known
		}
	}
}

// settle waits until the exporters are through with all batches.
func (a *aside) settle(ctx context.Context) error {
	for {
		a.mu.Lock()
		asked := a.asked
		a.mu.Unlock()
		if asked == 0 {
			return nil
		}
		select {
		case <-a.idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
