package transport

import (
	"context"
	"io"
	"net/http"
	"time"

	"golang.org/x/time/rate"
)

// burst is how many bytes go out at once: an eighth of a second's, so that the line is
// evenly used, within what is worth a system call and what a body is read by.
func burst(limit int64) int { return int(min(max(limit/8, 512), 32<<10)) }

// limited returns the request with a body that waits for its turn.
func (t *Transport) limited(req *http.Request) *http.Request {
	req = req.WithContext(req.Context()) // a copy
	body := req.Body
	req.Body = &limitedBody{body, req.Context(), t.limit}
	if again := req.GetBody; again != nil {
		req.GetBody = func() (io.ReadCloser, error) {
			body, err := again()
			if err != nil {
				return nil, err
			}
			return &limitedBody{body, req.Context(), t.limit}, nil
		}
	}
	return req
}

// A limitedBody is a request's body of which a little is read at a time.
type limitedBody struct {
	io.ReadCloser
	ctx   context.Context // of the request
	limit *rate.Limiter
}

func (b *limitedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.limit.Burst())])
	turn := b.limit.ReserveN(time.Now(), n)
	timer := time.NewTimer(turn.Delay())
	defer timer.Stop()
	select {
	case <-timer.C:
		return n, err
	case <-b.ctx.Done():
		turn.Cancel()
		return n, b.ctx.Err()
	}
}
