package transport

import (
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// burst returns the number of bytes that are sent at once: those of an eighth of a second, which
// uses the line evenly, but enough for a system call and at most what one read of a body returns.
func burst(limit int64) int { return int(min(max(limit/8, 512), 32<<10)) }

// limited returns a copy of the request whose body is read no faster than the limit.
func (t *Transport) limited(req *http.Request) *http.Request {
	req = req.WithContext(req.Context())
	req.Body = &limitedBody{req.Body, req, t.limit}
	if rewound := req.GetBody; rewound != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := rewound()
			if err != nil {
				return nil, err
			}
			return &limitedBody{body, req, t.limit}, nil
		}
	}
	return req
}

// A limitedBody is the body of a request, read in small pieces.
type limitedBody struct {
	io.ReadCloser
	req   *http.Request
	limit *rate.Limiter
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.limit.Burst())])
	reservation := b.limit.ReserveN(time.Now(), n)
	timer := time.NewTimer(reservation.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, err
	case <-b.req.Context().Done():
		reservation.Cancel()
		return n, b.req.Context().Err()
	}
}
