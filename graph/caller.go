package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

const (
	maxRetryDelay = time.Minute

	// maxRenewals is how many tokens in a row may be refused: one may expire while
	// others are asked for.
	maxRenewals = 3

	// A service that throttles without naming a pause is left alone for
	// throttleDelays times RetryDelay, then for 2, 3 and at most maxThrottleDelays
	// times that: by default, for 15, 30, 45 and 60 seconds.
	throttleDelays    = 15
	maxThrottleDelays = 4

	// unexplainedAttempts is how often a request is sent that is refused without a reason.
	unexplainedAttempts = 5

	// unreachedAttempts is how often a host is tried that never answered: its name
	// is probably wrong.
	unreachedAttempts = 3
)

// A caller sends the requests for one mailbox, or those for none.
type caller struct {
	client                       *Client
	mailbox                      string // empty: none
	requests, retries, throttles atomic.Int64
}

// A call is a request, to be sent as often as it takes.
type call struct {
	op     string
	method string
	url    string // do changes it to where redirects lead
	body   []byte
	header map[string]string

	// attempts says how often the call is sent that met e; nil: as often as the options say.
	attempts func(e *Error) int

	// partial is set if a 503 may be about this call alone, which then is sent in another way.
	partial bool
}

// throttled reports whether Graph wants fewer requests to the mailbox.
func (c *call) throttled(e *Error) bool {
	return e.throttled() && !(c.partial && e.StatusCode == http.StatusServiceUnavailable && e.retryAfter == 0)
}

// A reply is a response of status 2xx, whose body is not read.
type reply struct {
	*http.Response
	requestID, clientRequestID string
}

// Tries are what became of a call so far.
type tries struct {
	failing time.Time // since when it meets errors; zero: it met none
	attempt int
	renewed int             // how often the token was, since there was another answer than 401
	sent    map[string]bool // where the call went
}

// do sends the call until read took the response, an error is permanent, or
// patience ends. Errors of read that are an *Error are judged as those of Graph
// are; others end the call. It returns an *Error, what read returned, or ctx's cause.
func (c *caller) do(ctx context.Context, call *call, read func(*reply) error) error {
	t := &tries{attempt: 1, sent: map[string]bool{call.url: true}}
	for {
		err := c.once(ctx, call, t.attempt, read)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var to redirection
		var e *Error
		switch {
		case errors.As(err, &to):
			err = t.follow(call, to)
		case errors.As(err, &e):
			err = c.again(ctx, call, t, e)
		}
		if err != nil {
			return err
		}
	}
}

// follow lets the call go where it was sent.
func (t *tries) follow(call *call, to redirection) error {
	call.url = string(to)
	if t.sent[call.url] || len(t.sent) > maxRedirects {
		return &Error{Op: call.op, Err: finalf("Graph redirects in a circle, or too often")}
	}
	t.sent[call.url] = true
	return nil
}

// again waits until the call may be sent again, or returns an error if it may not.
func (c *caller) again(ctx context.Context, call *call, t *tries, e *Error) error {
	if e.StatusCode == http.StatusUnauthorized && c.client.opts.Credential != nil && t.renewed < maxRenewals {
		t.renewed++ // the pipeline has let the token expire
		return nil
	}
	t.renewed = 0
	if t.failing.IsZero() {
		t.failing = time.Now()
	}
	asked := call.throttled(e) || e.retryAfter > 0
	pause := c.client.backoff(t.attempt)
	if asked {
		pause = c.client.pause(e, t.attempt)
	}
	if !e.temporary() || t.attempt >= c.attempts(call, e) || time.Since(t.failing)+pause > c.client.opts.MaxRetryTime {
		return e
	}
	if err := sleep(ctx, pause, reasonOf(asked)); err != nil {
		return err
	}
	t.attempt++
	c.retries.Add(1)
	return nil
}

// attempts is how often the call is sent that met e. While Graph asks to wait it is time
// that decides.
func (c *caller) attempts(call *call, e *Error) int {
	n := c.client.opts.MaxAttempts
	switch {
	case e.asksToWait():
		n = math.MaxInt
	case e.unexplained():
		n = min(n, unexplainedAttempts)
	}
	if call.attempts != nil {
		n = min(n, call.attempts(e))
	}
	if e.StatusCode == 0 && !c.client.reached.Load() {
		n = min(n, unreachedAttempts)
	}
	return n
}

// pause is the time before a call is sent again after so many attempts. Services
// that throttle without saying for how long want more of it.
func (c *Client) pause(e *Error, attempt int) time.Duration {
	switch {
	case e.retryAfter > 0:
		return e.retryAfter
	case e.throttled() && !e.retryNow:
		d := min(throttleDelays*c.opts.RetryDelay*time.Duration(min(attempt, maxThrottleDelays)), maxRetryDelay)
		return d + rand.N(d/10+1)
	}
	return c.backoff(attempt)
}

// backoff is the pause after so many attempts: it doubles, with up to half of it
// left to chance.
func (c *Client) backoff(attempt int) time.Duration {
	d := maxRetryDelay
	if attempt < 30 && c.opts.RetryDelay <= maxRetryDelay>>(attempt-1) {
		d = c.opts.RetryDelay << (attempt - 1)
	}
	return d/2 + rand.N(d/2+1)
}

// reasonOf tells what a pause waits for: for Graph's limits, or for a Graph that answers.
func reasonOf(limited bool) Wait {
	if limited {
		return WaitLimit
	}
	return WaitGraph
}

func sleep(ctx context.Context, d time.Duration, reason Wait) error {
	trace := traceOf(ctx)
	trace.waiting(reason)
	defer trace.waiting(WaitNone)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// once sends the call when the limits of the mailbox that it goes to allow.
func (c *caller) once(ctx context.Context, call *call, attempt int, read func(*reply) error) error {
	mailbox := c.mailbox
	if p, ok := c.client.mailboxPath(call.url); ok {
		mailbox = p.mailbox
	}
	l := c.client.limiters.limiter(mailbox)
	epoch, err := l.acquire(ctx)
	if err != nil {
		return err
	}
	err = c.exchange(ctx, call, read)
	l.release()
	var e *Error
	switch {
	case err == nil:
		l.succeeded()
	case errors.As(err, &e) && call.throttled(e) && ctx.Err() == nil:
		c.throttles.Add(1)
		l.refused(epoch, c.client.pause(e, attempt), e.limits())
	}
	return err
}

// exchange sends the call and reads the response. It returns an *Error, a
// redirection, or what read returned.
func (c *caller) exchange(ctx context.Context, call *call, read func(*reply) error) error {
	clientRequestID := newRequestID()
	c.requests.Add(1)
	trace, sent := traceOf(ctx), time.Now()
	trace.waiting(WaitGraph)
	resp, err := c.client.send(ctx, call, clientRequestID)
	trace.waiting(WaitNone)
	first := time.Since(sent)
	if err != nil {
		return &Error{Op: call.op, ClientRequestID: clientRequestID, Err: plain(err)}
	}
	resp.Body = trace.body(resp.Body)
	defer resp.Body.Close()
	defer trace.answered(resp.StatusCode, first, sent)
	c.client.reached.Store(true)
	switch {
	case resp.StatusCode/100 == 2:
		return read(&reply{resp, clip(resp.Header.Get("request-id"), 100), clientRequestID})
	case resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "":
		to, err := c.client.redirected(call, resp)
		if err != nil {
			return &Error{Op: call.op, ClientRequestID: clientRequestID, Err: err}
		}
		return to
	}
	return statusError(call.op, clientRequestID, resp)
}

// withoutURL leaves the URL out of an error, but for its host: the query may have
// tokens.
func withoutURL(err error) error {
	var e *url.Error
	if !errors.As(err, &e) {
		return err
	}
	u, parseErr := url.Parse(e.URL)
	if parseErr != nil {
		return e.Err
	}
	return fmt.Errorf("%s: %w", u.Host, e.Err)
}

func (c *Client) send(ctx context.Context, call *call, clientRequestID string) (*http.Response, error) {
	req, err := runtime.NewRequest(ctx, call.method, call.url)
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
