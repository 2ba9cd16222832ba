package transport

import (
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

// limited returns a copy of the request whose body is read no faster than the limit.
func (t *Transport) limited(req *http.Request) *http.Request {
	req = req.WithContext(req.Context())
	req.Body = &limitedBody{req.Body, req, t.pacer}
	if rewound := req.GetBody; rewound != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := rewound()
			if err != nil {
				return nil, err
			}
			return &limitedBody{body, req, t.pacer}, nil
		}
	}
	return req
}

// A limitedBody is the body of a request, read in small pieces.
type limitedBody struct {
	io.ReadCloser
	req   *http.Request
	pacer *pacer
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.pacer.burst)])
	timer := time.NewTimer(b.pacer.reserve(n))
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, err
	case <-b.req.Context().Done():
		return n, b.req.Context().Err()
	}
}
