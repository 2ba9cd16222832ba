package graph

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"

	"github.com/mailhaul/mailhaul/graph/internal/limits"
	"github.com/mailhaul/mailhaul/internal/patience"
)

// maxRedirects bounds how often a request, or an item, is redirected.
const maxRedirects = 5

// A caller sends the requests for a mailbox, or those that belong to none.
type caller struct {
	client                       *Client
	mailbox                      string // empty: none
	requests, retries, throttles atomic.Int64
}

// A call is a request, which is sent until it succeeds or patience ends.
type call struct {
	op     string
	use    use
	method string
	url    string // follows redirects
	body   []byte
	header map[string]string

	visited map[string]bool // URLs, once the call was redirected
}

// isThrottled reports whether e delays other requests. A 503 for a page may be due to the page,
// which then is requested in another way.
func (c *call) isThrottled(e *Error) bool {
	isPage := c.use == usePage || c.use == useShortest || c.use == useAhead
	return e.isThrottled() && !(isPage && e.StatusCode == http.StatusServiceUnavailable && e.retryAfter == 0)
}

// requestsPause reports whether Graph requested the pause after e.
func (c *call) requestsPause(e *Error) bool { return c.isThrottled(e) || e.retryAfter > 0 }

// follow makes the call go to the URL of a redirect.
func (c *call) follow(to redirect) error {
	if c.visited == nil {
		c.visited = map[string]bool{c.url: true}
	}
	c.url = string(to)
	if c.visited[c.url] || len(c.visited) > maxRedirects {
		return &Error{Op: c.op, Err: finalf("Graph redirects in a circle, or too often")}
	}
	c.visited[c.url] = true
	return nil
}

// A redirect is the URL to which a response redirects a call.
type redirect string

func (redirect) Error() string { return "Graph redirects" }

// A reply is a response of status 2xx, whose body is to be read. close ends it.
type reply struct {
	*http.Response
	requestID, clientRequestID string

	limiter *limits.Limiter
	trace   *Trace
	sent    time.Time
	first   time.Duration // from sent to the response's header
}

// close ends the request. ok says that the response was read without an error.
func (r *reply) close(ok bool) {
	r.trace.answered(r.StatusCode, r.first, r.sent)
	_ = r.Body.Close()
	r.limiter.Release()
	if ok {
		r.limiter.Succeeded()
	}
}

// do sends the call until read accepts the response, an error is final, or patience ends. An *Error
// of read may be temporary, like those of Graph; other errors of read are final. do returns an
// *Error, the error of read, or the cause of ctx.
func (c *caller) do(ctx context.Context, call *call, read func(*reply) error) error {
	return c.repeat(ctx, call, func(attempt int) error {
		r, err := c.attempt(ctx, call, attempt)
		if err != nil {
			return err
		}
		err = read(r)
		r.close(err == nil)
		return err
	})
}

// open is do for a response that is read only once: the caller reads and closes it.
func (c *caller) open(ctx context.Context, call *call) (r *reply, err error) {
	err = c.repeat(ctx, call, func(attempt int) error {
		r, err = c.attempt(ctx, call, attempt)
		return err
	})
	return r, err
}

// repeat makes attempts at the call until one succeeds, as the table maxAttempts says.
func (c *caller) repeat(ctx context.Context, call *call, try func(attempt int) error) error {
	trace := traceOf(ctx)
	loop := patience.Loop{
		Policy: c.client.policy(),
		Judge: func(err error, attempt int) (r patience.Retry) {
			if e, ok := errors.AsType[*Error](err); ok {
				r.Attempts = c.attempts(call, e)
				if call.requestsPause(e) {
					r.Pause = c.client.pauseAfter(e, attempt)
				}
			}
			return r
		},
		Report: func(f patience.Failure) {
			e, ok := errors.AsType[*Error](f.Err)
			trace.waiting(waitFor(ok && call.requestsPause(e)))
		},
	}
	err := loop.Do(ctx, func(attempt int) error {
		if attempt > 1 {
			trace.waiting(WaitNone)
			c.retries.Add(1)
		}
		return try(attempt)
	})
	if err != nil && ctx.Err() != nil {
		trace.waiting(WaitNone)
		return context.Cause(ctx)
	}
	return err
}

// attempt sends the call, follows redirects, and renews a token that Graph refuses.
func (c *caller) attempt(ctx context.Context, call *call, attempt int) (*reply, error) {
	for renewals := 0; ; {
		r, err := c.once(ctx, call, attempt)
		if err == nil || ctx.Err() != nil {
			return r, err
		}
		if to, ok := errors.AsType[redirect](err); ok {
			if err := call.follow(to); err != nil {
				return nil, err
			}
			continue
		}
		if statusOf(err) != http.StatusUnauthorized || c.client.opts.Credential == nil || renewals == maxRenewals {
			return nil, err
		}
		renewals++ // the pipeline has discarded the token
	}
}

// once sends the call when the limits of its mailbox allow it.
func (c *caller) once(ctx context.Context, call *call, attempt int) (*reply, error) {
	mailbox := c.mailbox
	if id, ok := c.client.base.Mailbox(call.url); ok {
		mailbox = id
	}
	l, trace := c.client.limits.Mailbox(mailbox), traceOf(ctx)
	epoch, err := l.Acquire(ctx, func(throttled bool) { trace.waiting(waitFor(throttled)) })
	trace.waiting(WaitNone)
	if err != nil {
		return nil, err
	}
	r, err := c.exchange(ctx, call)
	if err == nil {
		r.limiter = l
		return r, nil
	}
	l.Release()
	if e, ok := errors.AsType[*Error](err); ok && call.isThrottled(e) && ctx.Err() == nil {
		c.throttles.Add(1)
		l.Refused(epoch, c.client.pauseAfter(e, attempt), e.isLimit())
	}
	return nil, err
}

// exchange sends the call and receives the response. It returns an *Error or a redirect unless the
// status is 2xx.
func (c *caller) exchange(ctx context.Context, call *call) (*reply, error) {
	clientRequestID := newRequestID()
	c.requests.Add(1)
	trace, sent := traceOf(ctx), time.Now()
	trace.waiting(WaitGraph)
	resp, err := c.client.send(ctx, call, clientRequestID)
	trace.waiting(WaitNone)
	first := time.Since(sent)
	if err != nil {
		return nil, &Error{Op: call.op, ClientRequestID: clientRequestID, Err: explain(err)}
	}
	c.client.reached.Store(true)
	resp.Body = trace.body(resp.Body)
	if resp.StatusCode/100 == 2 {
		return &reply{
			Response: resp, requestID: clip(resp.Header.Get("request-id"), maxRequestID),
			clientRequestID: clientRequestID, trace: trace, sent: sent, first: first,
		}, nil
	}
	defer resp.Body.Close()
	defer trace.answered(resp.StatusCode, first, sent)
	if resp.StatusCode/100 == 3 && resp.Header.Get("Location") != "" {
		to, err := c.client.redirected(call, resp)
		if err != nil {
			return nil, &Error{Op: call.op, ClientRequestID: clientRequestID, Err: err}
		}
		return nil, to
	}
	return nil, statusError(call.op, clientRequestID, resp)
}

// redirected returns where a response redirects the call.
func (c *Client) redirected(call *call, resp *http.Response) (redirect, error) {
	if call.method != http.MethodGet && resp.StatusCode != http.StatusTemporaryRedirect &&
		resp.StatusCode != http.StatusPermanentRedirect {
		return "", finalf("Graph redirects with %d, which would change the request", resp.StatusCode)
	}
	to, err := c.base.Redirect(call.url, resp.Header.Get("Location"))
	return redirect(to), err
}

// withoutURL leaves of the URL in an error only its host: the query may have tokens.
func withoutURL(err error) error {
	e, ok := errors.AsType[*url.Error](err)
	if !ok {
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
