package sinks

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/internal/transport"
)

// A Clock compares a store's with this machine's. Its zero value knows nothing yet.
type Clock struct {
	mu   sync.Mutex
	skew time.Duration
	told bool
}

// Watch returns a context for calls to buckets, from whose answers the clock learns.
func (c *Clock) Watch(ctx context.Context) context.Context {
	return transport.Observe(ctx, c.Observe)
}

// Observe learns from an answer whose request was sent at a time.
func (c *Clock) Observe(sent time.Time, resp *http.Response) {
	there, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	// The date is whole seconds, and of some moment between the request and the answer.
	here := sent.Add(time.Since(sent) / 2)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew, c.told = there.Add(time.Second/2).Sub(here), true
}

// Skew returns how much the store's clock is ahead of this machine's, to a second, and
// whether the store told.
func (c *Clock) Skew() (time.Duration, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew.Round(time.Second), c.told
}
