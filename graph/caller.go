package graph

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/google/uuid"
)

const (
	maxRetryDelay = time.Minute
	maxRedirects  = 5

	// unreachedAttempts is how often a host is tried that never answered: its name
	// is probably wrong.
	unreachedAttempts = 3
)

// A caller sends the requests that share a limiter.
type caller struct {
	client                       *Client
	limiter                      *limiter
	requests, retries, throttles atomic.Int64
}

func newCaller(c *Client) *caller {
	return &caller{client: c, limiter: newLimiter(c.opts.MaxInFlight)}
}

// A call is a request, to be sent as often as it takes.
type call struct {
	op     string
	method string
	url    string
	body   []byte
	header map[string]string

	// attempts says how often the call is sent that met e; nil: MaxAttempts.
	attempts func(e *Error) int
}

// A reply is a response of status 2xx, whose body is not read.
type reply struct {
	*http.Response
	requestID, clientRequestID string
}

// do sends the call until read took the response, an error is permanent, or
// patience ends. Errors of read that are an *Error are judged as those of Graph
// are; others end the call. It returns an *Error, what read returned, or ctx's cause.
func (c *caller) do(ctx context.Context, call *call, read func(*reply) error) error {
	started := time.Now()
	renewed := false
	for attempt := 1; ; attempt++ {
		epoch, err := c.limiter.acquire(ctx)
		if err != nil {
			return err
		}
		err = c.once(ctx, call, read)
		c.limiter.release()
		if err == nil {
			c.limiter.succeeded()
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var e *Error
		if !errors.As(err, &e) {
			return err
		}
		if e.StatusCode == http.StatusUnauthorized && c.client.opts.Credential != nil && !renewed {
			renewed = true // the pipeline has let the token expire
			continue
		}
		pause := e.retryAfter
		if pause == 0 {
			pause = c.client.backoff(attempt)
		}
		if e.throttled() {
			c.throttles.Add(1)
			c.limiter.throttled(epoch, pause)
		}
		if !e.temporary() || attempt >= c.attempts(call, e) || time.Since(started)+pause > c.client.opts.MaxRetryTime {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		c.retries.Add(1)
	}
}

func (c *caller) attempts(call *call, e *Error) int {
	n := c.client.opts.MaxAttempts
	if call.attempts != nil {
		n = min(n, call.attempts(e))
	}
	if e.StatusCode == 0 && !c.client.reached.Load() {
		n = min(n, unreachedAttempts)
	}
	return n
}

// backoff is the pause after so many attempts: it doubles, with up to half of it
// left to chance.
func (c *Client) backoff(attempt int) time.Duration {
	d := maxRetryDelay
	if attempt < 30 {
		d = min(c.opts.RetryDelay<<(attempt-1), maxRetryDelay)
	}
	return d/2 + rand.N(d/2+1)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// once sends the call, and goes where same-host redirects lead.
func (c *caller) once(ctx context.Context, call *call, read func(*reply) error) error {
	target := call.url
	seen := map[string]bool{}
	for {
		clientRequestID := uuid.NewString()
		fail := func(err error) error {
			return &Error{Op: call.op, ClientRequestID: clientRequestID, Err: err}
		}
		if seen[target] || len(seen) > maxRedirects {
			return fail(finalf("Graph redirects in a circle, or too often"))
		}
		seen[target] = true
		c.requests.Add(1)
		resp, err := c.client.send(ctx, call, target, clientRequestID)
		if err != nil {
			return fail(err)
		}
		c.client.reached.Store(true)
		switch {
		case resp.StatusCode/100 == 2:
			err := read(&reply{resp, clip(resp.Header.Get("request-id"), 100), clientRequestID})
			_ = resp.Body.Close()
			return err
		case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
			_ = resp.Body.Close()
			if target, err = c.client.redirected(call, target, resp); err != nil {
				return fail(err)
			}
		default:
			err := statusError(call.op, clientRequestID, resp)
			_ = resp.Body.Close()
			return err
		}
	}
}

func (c *Client) send(ctx context.Context, call *call, target, clientRequestID string) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, call.method, target)
	if err != nil {
		return nil, finalError{err}
	}
	runtime.SkipBodyDownload(req)
	h := req.Raw().Header
	h.Set("Accept", "application/json")
	h.Set("User-Agent", c.opts.UserAgent)
	h.Set("client-request-id", clientRequestID)
	h.Set("return-client-request-id", "true")
	for k, v := range call.header {
		h.Set(k, v)
	}
	if call.body != nil {
		if err := req.SetBody(streaming.NopCloser(bytes.NewReader(call.body)), "application/json"); err != nil {
			return nil, finalError{err}
		}
	}
	return c.pipeline.Do(req)
}

// redirected returns where a response leads, if the call may go there.
func (c *Client) redirected(call *call, from string, resp *http.Response) (string, error) {
	if call.method != http.MethodGet && resp.StatusCode != http.StatusTemporaryRedirect &&
		resp.StatusCode != http.StatusPermanentRedirect {
		return "", finalf("Graph redirects with %d, which would change the request", resp.StatusCode)
	}
	return c.resolve(from, resp.Header.Get("Location"))
}

// resolve returns the URL of a link that Graph gave in answer to from, if it leads
// to Graph.
func (c *Client) resolve(from, link string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", finalError{err}
	}
	to, err := base.Parse(link)
	if err != nil {
		return "", finalf("Graph gave a link that is no URL")
	}
	if err := sameHost(c.base, to); err != nil {
		return "", err
	}
	to.Fragment, to.RawFragment = "", ""
	return to.String(), nil
}
