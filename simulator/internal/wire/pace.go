package wire

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Wait waits for d, or until ctx is done.
func Wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// AtRate returns a writer to w that takes at most rate bytes a second, until the request's client
// is gone.
func AtRate(w http.ResponseWriter, r *http.Request, rate int64) io.Writer {
	return &paced{w: w, r: r, rate: rate, start: time.Now()}
}

// ByteByByte returns a writer to w that sends single bytes, with a pause after each. It fails when
// the request's client is gone.
func ByteByByte(w http.ResponseWriter, r *http.Request, pause time.Duration) io.Writer {
	return &trickle{w: w, r: r, pause: pause}
}

// paceTick is about how much time a single write at a rate stands for.
const paceTick = 20 * time.Millisecond

type paced struct {
	w     io.Writer
	r     *http.Request
	rate  int64 // bytes a second
	start time.Time
	sent  int64
}

// Write returns when the time that b takes is over.
func (p *paced) Write(b []byte) (int, error) {
	part := max(1, int(float64(p.rate)*paceTick.Seconds()))
	for done := 0; done < len(b); {
		n, err := p.w.Write(b[done:min(done+part, len(b))])
		done, p.sent = done+n, p.sent+int64(n)
		if err != nil {
			return done, err
		}
		due := time.Duration(float64(p.sent) / float64(p.rate) * float64(time.Second))
		if ahead := due - time.Since(p.start); ahead > 0 {
			Wait(p.r.Context(), ahead)
		}
	}
	return len(b), nil
}

type trickle struct {
	w     http.ResponseWriter
	r     *http.Request
	pause time.Duration
}

func (t *trickle) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := t.w.Write(p[i : i+1]); err != nil {
			return i, err
		}
		_ = http.NewResponseController(t.w).Flush()
		if Wait(t.r.Context(), t.pause); t.r.Context().Err() != nil {
			return i, t.r.Context().Err()
		}
	}
	return len(p), nil
}
