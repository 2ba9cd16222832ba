// Package health decides whether exports of a mailbox work at all.
package health

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

const (
	// maxMisses is the number of items in a row that may fail for a retryable reason until exports
	// are in doubt.
	maxMisses = 60

	// maxDoubt bounds the time in which exports are in doubt.
	maxDoubt = 30 * time.Minute
)

// A Health counts the items in a row that were not exported for a retryable reason. It is safe for
// concurrent use.
type Health struct {
	source *graph.MailboxClient

	mu     sync.Mutex
	misses int
	since  time.Time // the first miss
	last   graph.ItemError
	good   string // a small item that was exported
	size   int64  // of good
}

// New returns the health of a mailbox.
func New(source *graph.MailboxClient) *Health { return &Health{source: source} }

// Missed notes an item that was not exported for a retryable reason.
func (h *Health) Missed(e graph.ItemError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.misses++; h.misses == 1 {
		h.since = time.Now()
	}
	h.last = e
}

// Answered notes an answer of Graph about an item.
func (h *Health) Answered() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.misses = 0
}

// Exported notes an item that was exported.
func (h *Health) Exported(id string, size int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.misses = 0
	if h.good == "" || size < h.size {
		h.good, h.size = id, size
	}
}

// InDoubt reports whether exports may not work at all, and not yet for too long. It exports an
// item again that was exported before: if this works, exports work.
func (h *Health) InDoubt(ctx context.Context) bool {
	h.mu.Lock()
	misses, since, good := h.misses, h.since, h.good
	h.mu.Unlock()
	if misses < maxMisses || time.Since(since) > maxDoubt {
		return false
	}
	if good != "" && h.canExport(ctx, good) {
		h.Answered()
		return false
	}
	return true
}

// Err returns an error if exports were in doubt for too long.
func (h *Health) Err() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.misses < maxMisses || time.Since(h.since) <= maxDoubt {
		return nil
	}
	return fmt.Errorf("no item could be exported for %v, the last of %d: %s: %s", maxDoubt, h.misses, h.last.Code, h.last.Message)
}

// Pause waits longer, the more batches of a size have failed since exports are in doubt.
func (h *Health) Pause(ctx context.Context, batchSize int) error {
	h.mu.Lock()
	batches := max(1, 1+(h.misses-maxMisses)/batchSize)
	h.mu.Unlock()
	return h.source.Pause(ctx, batches)
}

// canExport reports whether an item can be exported, and drops its data.
func (h *Health) canExport(ctx context.Context, id string) bool {
	var t trial
	return h.source.Export(ctx, []string{id}, &t) == nil && t.answered
}

// A trial is a graph.ExportHandler that drops all data.
type trial struct{ answered bool }

func (*trial) Room(int) []byte                      { return nil }
func (*trial) Data([]byte) error                    { return nil }
func (*trial) Discard()                             {}
func (t *trial) Exported(string, string) error      { t.answered = true; return nil }
func (*trial) Failed(string, graph.ItemError) error { return nil }
func (t *trial) Gone(string) error                  { t.answered = true; return nil }
