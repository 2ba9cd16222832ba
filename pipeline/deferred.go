package pipeline

import (
	"context"
	"sync"
	"time"
)

const (
	// maxDeferred bounds the items that are deferred: as many as may fail.
	maxDeferred = maxFailures

	// Deferred items are requested again in retryRounds rounds, with pauses of 1, 2, 4… seconds
	// before them, up to a minute. A round that begins after retryTime is the last. Only while
	// exports are in doubt there are more.
	retryRounds = 8
	retryTime   = 5 * time.Minute

	// maxStale is how often an item is requested again whose data is not as listed: it may be
	// large.
	maxStale = 2
)

// A deferral is what came of the requests for an item that is deferred.
type deferral struct {
	attempts int  // requests
	stale    int  // of these, requests that brought data with another change key than the listed one
	alone    bool // the item should be requested without others
	counted  bool // the item's next verdict counts: it is the first that is final
}

// Deferred holds items that did not come, or not as listed, while others did. The run requests
// them again when it is done with the others. Until then they are listed as failed, so that
// snapshots committed meanwhile cover them, and count as pending. Deferred also knows whether
// exporters have batches.
type deferred struct {
	mu      sync.Mutex
	items   []item
	closed  bool // no more items are taken
	batches int  // sent to exporters, and not done
	idle    chan struct{}
}

func newDeferred() *deferred { return &deferred{idle: make(chan struct{}, 1)} }

// put defers an item. It returns false if that is not possible.
func (d *deferred) put(it item) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.items) == maxDeferred {
		return false
	}
	d.items = append(d.items, it)
	return true
}

// take returns and removes the deferred items. After the last take, no item can be deferred.
func (d *deferred) take(last bool) []item {
	d.mu.Lock()
	defer d.mu.Unlock()
	items := d.items
	d.items, d.closed = nil, last
	return items
}

func (d *deferred) batchSent() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.batches++
}

func (d *deferred) batchDone() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.batches--; d.batches == 0 {
		select {
		case d.idle <- struct{}{}:
		default: // it is already signalled
		}
	}
}

// await waits until the exporters are done with all batches.
func (d *deferred) await(ctx context.Context) error {
	for {
		d.mu.Lock()
		batches := d.batches
		d.mu.Unlock()
		if batches == 0 {
			return nil
		}
		select {
		case <-d.idle:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
