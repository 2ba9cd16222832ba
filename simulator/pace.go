package simulator

import (
	"io"
	"net/http"
	"time"
)

// paceTick is about how much time a single write of a paced response stands for.
const paceTick = 20 * time.Millisecond

// paced writes a response's body as slowly as Options.ResponseRate says.
type paced struct {
	w     io.Writer
	r     *http.Request
	rate  int64 // bytes a second
	start time.Time
	sent  int64
}

// A trickle writes a response's body byte by byte, with a pause after each.
type trickle struct {
	w     http.ResponseWriter
	r     *http.Request
	pause time.Duration
}

// Write returns when all of p is on its way, or the client is gone.
func (t *trickle) Write(p []byte) (int, error) {
	for i := range p {
		if _, err := t.w.Write(p[i : i+1]); err != nil {
			return i, err
		}
		_ = http.NewResponseController(t.w).Flush()
		if wait(t.r, t.pause); t.r.Context().Err() != nil {
			return i, t.r.Context().Err()
		}
	}
	return len(p), nil
}

// paced returns what the body goes to.
func (c *call) paced() io.Writer {
	if pause := c.effect.trickle(); pause > 0 {
		return &trickle{w: c.w, r: c.r, pause: pause}
	}
	rate := c.server.opts.ResponseRate
	if rate == 0 {
		return c.w
	}
	return &paced{w: c.w, r: c.r, rate: rate, start: time.Now()}
}

// Write returns when the time that p stands for is over, or the client is gone.
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
			wait(p.r, ahead)
		}
	}
	return len(b), nil
}
