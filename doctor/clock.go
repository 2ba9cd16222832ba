package doctor

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/internal/transport"
)

// A clock compares a service's clock with this machine's. Its zero value knows no skew yet.
type clock struct {
	mu    sync.Mutex
	skew  time.Duration
	known bool
}

// watch returns a context for calls to buckets of package sinks. The clock observes their answers.
func (c *clock) watch(ctx context.Context) context.Context {
	return transport.Observe(ctx, c.observe)
}

// observe takes the date of an answer, given when its request was sent.
func (c *clock) observe(sent time.Time, resp *http.Response) {
	remote, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	// The date is in whole seconds, of some moment between the request and the answer.
	local := sent.Add(time.Since(sent) / 2)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew, c.known = remote.Add(time.Second/2).Sub(local), true
}

// read returns how far the service's clock is ahead of this machine's, to a second, and whether
// an answer had a date.
func (c *clock) read() (skew time.Duration, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.skew.Round(time.Second), c.known
}

// judge returns the outcome of the check of the clock.
func (c *clock) judge() outcome {
	const (
		notable  = 5      // seconds; a slow answer may account for less
		critical = 5 * 60 // seconds
		remedy   = "set this machine's clock, or let it follow a time server: services refuse requests that are dated 15 minutes off, and tokens before that"
	)
	skew, known := c.read()
	if !known {
		return skipped("the answers have no date")
	}
	seconds, direction := int(skew.Seconds()), "behind"
	if seconds < 0 {
		seconds, direction = -seconds, "ahead"
	}
	seen := fmt.Sprintf("this machine's clock is %d seconds %s", seconds, direction)
	switch {
	case seconds > critical:
		return outcome{Failed, seen, remedy}
	case seconds > notable:
		return noted(seen, remedy)
	}
	return passed("within %d seconds of this machine's", max(seconds, 1)+1)
}

// A watchedTransport has a clock observe all answers.
type watchedTransport struct {
	*http.Transport
	clock *clock
}

// RoundTrip implements http.RoundTripper.
func (w *watchedTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	sent := time.Now()
	resp, err := w.Transport.RoundTrip(req)
	if err == nil {
		w.clock.observe(sent, resp)
	}
	return resp, err
}
