package transport

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"
)

// A pacer spreads the bytes of all uploads evenly over time.
type pacer struct {
	limit int64 // bytes a second
	burst int   // bytes that go out at once

	mu  sync.Mutex
	end time.Time // when the bytes reserved so far are sent, at the limit
}

// newPacer returns a pacer with bursts of an eighth of a second. They are not smaller than what
// is worth a system call, and not larger than the buffer through which a body is read.
func newPacer(limit int64) *pacer {
	return &pacer{limit: limit, burst: int(min(max(limit/8, 512), 32<<10))}
}

// reserve returns how long the caller waits after it has read n bytes. The first burst after a
// pause does not wait.
func (p *pacer) reserve(n int) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if idle := now.Add(-p.duration(p.burst)); p.end.Before(idle) {
		p.end = idle
	}
	p.end = p.end.Add(p.duration(n))
	return p.end.Sub(now)
}

// duration returns how long n bytes take at the limit.
func (p *pacer) duration(n int) time.Duration {
	return time.Duration(float64(n) / float64(p.limit) * float64(time.Second))
}

// limited returns the request with a body that waits for its turn.
func (t *Transport) limited(req *http.Request) *http.Request {
	req = req.WithContext(req.Context()) // a copy
	body := req.Body
	req.Body = &limitedBody{body, req.Context(), t.pacer}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return &limitedBody{body, req.Context(), t.pacer}, nil
		}
	}
	return req
}

// A limitedBody is a request's body of which a little is read at a time.
type limitedBody struct {
	io.ReadCloser
	ctx   context.Context // of the request
	pacer *pacer
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.pacer.burst)])
	timer := time.NewTimer(b.pacer.reserve(n))
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, err
	case <-b.ctx.Done():
		return n, b.ctx.Err()
	}
}
