package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/mailhaul/mailhaul/graph/internal/links"
)

const (
	// maxErrorBody bounds how much is read of an error response.
	maxErrorBody = 1 << 20

	// minRate is how many bytes a second a response has to deliver, on average over the idle
	// timeout. Four requests at a time stay above it on a quarter of a line of 64 kbit/s.
	minRate = 512
)

// A Guard is the last step before the network. It sends no request to another host than Graph's,
// ends responses that stall or are too slow, and reads the bodies of error responses into memory,
// at most 1 MiB. It implements policy.Transporter.
type Guard struct {
	Next policy.Transporter
	Base links.Base
	Idle time.Duration // how long a response may deliver nothing
}

// Do implements policy.Transporter.
func (g *Guard) Do(req *http.Request) (*http.Response, error) {
	if err := g.Base.CheckHost(req.URL); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(req.Context())
	body := &idleBody{cancel: cancel, idle: g.Idle}
	body.timer = time.AfterFunc(g.Idle, body.stall)
	resp, err := g.Next.Do(req.WithContext(ctx))
	body.timer.Stop()
	if err != nil {
		err = body.reason(err)
		cancel()
		return nil, err
	}
	body.ReadCloser, resp.Body = resp.Body, body
	gunzip(resp)
	if resp.StatusCode >= http.StatusBadRequest {
		// What arrives of the body is useful; that it ends early is no error.
		late := time.AfterFunc(g.Idle, body.stall)
		text, _ := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
		late.Stop()
		_ = body.Close()
		resp.Body = io.NopCloser(bytes.NewReader(text))
	}
	return resp, nil
}

// An idleBody is a response's body that may stall for the idle timeout. Time counts only during
// reads: a slow reader is not the response's fault.
type idleBody struct {
	io.ReadCloser
	cancel  context.CancelFunc // ends the request
	timer   *time.Timer
	idle    time.Duration
	stalled atomic.Bool

	waited  time.Duration // in reads since the rate was checked
	arrived int           // bytes since then
}

// stall ends the request.
func (b *idleBody) stall() {
	b.stalled.Store(true)
	b.cancel()
}

// reason returns why the request ended: because it stalled, or err.
func (b *idleBody) reason(err error) error {
	if b.stalled.Load() {
		return fmt.Errorf("nothing came for %v", b.idle)
	}
	return err
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
		err = b.reason(err)
	}
	return n, err
}

// checkRate counts n bytes that took some time, and returns an error if the response is too slow.
func (b *idleBody) checkRate(n int, took time.Duration) error {
	b.arrived, b.waited = b.arrived+n, b.waited+took
	if b.waited < b.idle {
		return nil
	}
	arrived, waited := b.arrived, b.waited
	b.arrived, b.waited = 0, 0
	if float64(arrived) < minRate*waited.Seconds() {
		return fmt.Errorf("only %d bytes came in %v", arrived, waited.Round(time.Millisecond))
	}
	return nil
}

func (b *idleBody) Close() error {
	b.timer.Stop()
	b.cancel()
	return b.ReadCloser.Close()
}
