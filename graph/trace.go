package graph

import (
	"context"
	"io"
	"time"
)

// A Trace observes the calls made with a context. Its functions are called by the goroutine that
// made the call. If a call sends several requests at a time, as Folders does, they are called by
// the goroutines of the requests.
type Trace struct {
	// Waiting is called when what the call waits for changes.
	Waiting func(Wait)

	// Answered is called for each response when it was read: with its status, and the times from
	// sending the request to the response's header and to its end. The latter includes the time
	// that the reader of the data takes.
	Answered func(status int, first, whole time.Duration)
}

// A Wait is what a call waits for.
type Wait int

const (
	// WaitNone: the call, or the handler of its data, works.
	WaitNone Wait = iota

	// WaitGraph: a response, a pause after a failure that Graph did not ask to wait for, or the end
	// of another request to the mailbox, which has as many in flight as Graph ever accepts.
	WaitGraph

	// WaitLimit: a pause that Graph requested, a pause after throttling, the ten-minute budget, or
	// the end of another request while throttling lowered how many may be in flight.
	WaitLimit
)

// waitFor returns the kind of a wait.
func waitFor(limit bool) Wait {
	if limit {
		return WaitLimit
	}
	return WaitGraph
}

type traceKey struct{}

// WithTrace returns a context whose calls report to t. Both functions of t must be set.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf returns the trace of a context, or nil. The methods of a nil trace do nothing.
func traceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

func (t *Trace) waiting(w Wait) {
	if t != nil {
		t.Waiting(w)
	}
}

// answered reports a response that has ended.
func (t *Trace) answered(status int, first time.Duration, sent time.Time) {
	if t != nil {
		t.Answered(status, first, time.Since(sent))
	}
}

// body returns a response's body whose reads wait for Graph.
func (t *Trace) body(b io.ReadCloser) io.ReadCloser {
	if t == nil {
		return b
	}
	return &tracedBody{b, t}
}

type tracedBody struct {
	io.ReadCloser
	trace *Trace
}

func (b *tracedBody) Read(p []byte) (int, error) {
	b.trace.Waiting(WaitGraph)
	defer b.trace.Waiting(WaitNone)
	return b.ReadCloser.Read(p)
}
