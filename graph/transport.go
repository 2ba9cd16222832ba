package graph

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	// maxErrorBody is how much is read of a response that is an error.
	maxErrorBody = 1 << 20

	// minRate is how many bytes a second a response brings at least, on average over the
	// idle time. Four requests at once still fit into a quarter of a line of 64 kbit/s.
	minRate = 512
)

// A guard is the last before the network. It lets no request go to another host
// than Graph's, cuts off responses that stall or trickle, and reads short those that are errors.
type guard struct {
	next policy.Transporter
	base *url.URL
	idle time.Duration
}

// Do implements policy.Transporter.
func (g *guard) Do(req *http.Request) (*http.Response, error) {
	if err := sameHost(g.base, req.URL); err != nil {
		return nil, err
	}
	stalled := fmt.Errorf("nothing came for %v", g.idle)
	ctx, cancel := context.WithCancelCause(req.Context())
	body := &idleBody{ctx: ctx, cancel: cancel, idle: g.idle, stalled: stalled}
	body.timer = time.AfterFunc(g.idle, func() { cancel(stalled) })
	resp, err := g.next.Do(req.WithContext(ctx))
	body.timer.Stop()
	if err != nil {
		err = body.cause(err)
		cancel(nil)
		return nil, err
	}
	body.ReadCloser, resp.Body = resp.Body, body
	unpack(resp)
	if resp.StatusCode >= http.StatusBadRequest {
		// What of the body can be read is of help; that it ends early is not.
		late := time.AfterFunc(g.idle, func() { cancel(stalled) })
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		late.Stop()
		_ = body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(text))
	}
	return resp, nil
}

// sameHost refuses a URL that is not of base's scheme and host.
func sameHost(base, u *url.URL) error {
	if u.User == nil && strings.EqualFold(u.Scheme, base.Scheme) &&
		strings.EqualFold(u.Hostname(), base.Hostname()) && port(u) == port(base) {
		return nil
	}
	return finalf("refused to go to %s://%s, which is not %s://%s", u.Scheme, u.Host, base.Scheme, base.Host)
}

func port(u *url.URL) string {
	defaults := map[string]string{"http": "80", "https": "443"}
	return firstOf(u.Port(), defaults[strings.ToLower(u.Scheme)])
}

// An idleBody is a response's body. Its clocks run only while it is read: the time that
// a reader takes between is not the response's.
type idleBody struct {
	io.ReadCloser
	ctx     context.Context // of this request alone, which ends with the body
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	idle    time.Duration
	stalled error

	waited time.Duration // in reads, since the rate was looked at
	came   int           // bytes, since then
}

func (b *idleBody) Read(p []byte) (int, error) {
	began := time.Now()
	b.timer.Reset(b.idle)
	n, err := b.ReadCloser.Read(p)
	b.timer.Stop()
	switch {
	case err == nil:
		err = b.checkRate(n, time.Since(began))
	case err != io.EOF:
		err = b.cause(err)
	}
	return n, err
}

// checkRate counts n bytes that took some time, and returns an error when the idle time
// brought fewer than minRate.
func (b *idleBody) checkRate(n int, took time.Duration) error {
	b.came, b.waited = b.came+n, b.waited+took
	if b.waited < b.idle {
		return nil
	}
	came, waited := b.came, b.waited
	b.came, b.waited = 0, 0
	if float64(came) < minRate*waited.Seconds() {
		return fmt.Errorf("only %d bytes came in %v", came, waited.Round(time.Millisecond))
	}
	return nil
}

// cause is why err: that the response stalled, or err.
func (b *idleBody) cause(err error) error {
	if context.Cause(b.ctx) == b.stalled {
		return b.stalled
	}
	return err
}

func (b *idleBody) Close() error {
	b.timer.Stop()
	b.cancel(nil)
	return b.ReadCloser.Close()
}
