package transport

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// A store that sends less than leastBytes in rateWindow is as good as silent: less than 300
// bytes a second. A slow line that some transfers share is faster.
const (
	rateWindow = time.Minute
	leastBytes = 16 << 10
)

// A SlowError is the error of a store that has sent next to nothing for a while.
type SlowError struct {
	Host  string // and port
	Bytes int
	Time  time.Duration
}

func (e *SlowError) Error() string {
	return fmt.Sprintf("%s sent only %d bytes in %s", e.Host, e.Bytes, e.Time.Round(time.Second))
}

// dial returns a dialer of connections that do not stay silent for longer than idle.
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

// A conn is cut when nothing moves, or next to nothing comes in. What goes out counts for both
// directions: the answer comes after the last byte of the request.
type conn struct {
	net.Conn
	idle time.Duration
	host string

	mu     sync.Mutex // of what follows
	asked  bool       // nothing came in since the last write
	waited time.Duration
	got    int
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

// received counts what came in. Only the waits for it count, not the time that the caller takes
// between two reads, and not the wait for the first byte of an answer.
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
		return &SlowError{c.host, c.got, c.waited}
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
