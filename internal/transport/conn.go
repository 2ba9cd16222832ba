package transport

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/repository/store"
)

// A store that sends less than leastBytes in rateWindow counts as silent. That is less than 300
// bytes a second; a slow line that several transfers share is faster.
const (
	rateWindow = time.Minute
	leastBytes = 16 << 10
)

// dial returns a dialer of connections that fail after being silent for idle.
func dial(idle time.Duration) func(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := d.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &conn{Conn: c, idle: idle, host: addr}, nil
	}
}

// A conn fails when no byte moves, or when next to nothing arrives. A byte sent counts for both
// directions, because the response follows the last byte of the request.
type conn struct {
	net.Conn
	idle time.Duration
	host string // and port

	mu     sync.Mutex // guards the fields below
	asked  bool       // nothing arrived since the last write
	waited time.Duration
	got    int // bytes in that time
}

func (c *conn) Read(p []byte) (int, error) {
	start := time.Now()
	if err := c.SetDeadline(start.Add(c.idle)); err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(p)
	if slow := c.received(n, time.Since(start)); err == nil {
		err = slow
	}
	return n, err
}

// received counts n bytes that arrived after a wait. The time between two reads is the caller's
// and does not count, nor does the wait for the first byte of a response.
func (c *conn) received(n int, wait time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.asked {
		c.asked, c.waited, c.got = false, 0, 0
		return nil
	}
	c.waited, c.got = c.waited+wait, c.got+n
	if c.waited < rateWindow {
		return nil
	}
	if c.got < leastBytes {
		return &store.Error{
			Kind:   store.Unavailable,
			Reason: fmt.Sprintf("%s sent only %d bytes in %s", c.host, c.got, c.waited.Round(time.Second)),
			Remedy: "the store hardly sends anything: check the network between, and the load of the store",
		}
	}
	c.waited, c.got = 0, 0
	return nil
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.idle)); err != nil {
		return 0, err
	}
	c.mu.Lock()
	c.asked = true
	c.mu.Unlock()
	return c.Conn.Write(p)
}
