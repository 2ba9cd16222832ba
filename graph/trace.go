package graph

import (
	"context"
	"io"
	"time"
)

// A Trace is told what the calls made with a context wait for. Its functions are
// called by the goroutine that made the call; where a call sends several requests at
// once, as Folders does, by those of the requests.
type Trace struct {
	// Waiting is told what the call waits for from now on.
	Waiting func(Wait)

	// Answered is told of each response when all of it that is of use was read: its
	// status, the time from sending the request to the first of it, and to the end.
	// The second has in it the time that was taken by who takes the data.
	Answered func(status int, first, whole time.Duration)
}

// A Wait is what a call waits for.
type Wait int

const (
	// WaitNone is work of its own, or of the handler.
	WaitNone Wait = iota

	// WaitGraph is an answer, more of it, a pause after one that did not come or was an
	// error of Graph's own, or the end of another request to the mailbox where as many are
	// in flight as Graph takes at all.
	WaitGraph

	// WaitLimit is the time that Graph asked to wait, the ten-minute budget, a pause
	// before a request is repeated that was throttled, or the end of another request while
	// throttling lowered how many may be in flight.
	WaitLimit
)

type traceKey struct{}

// WithTrace returns a context whose calls tell t what they wait for. Both functions
// of t are set.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// traceOf returns the trace of a context: nil, if there is none.
func traceOf(ctx context.Context) *Trace {
	t, _ := ctx.Value(traceKey{}).(*Trace)
	return t
}

func (t *Trace) waiting(w Wait) {
	if t != nil {
		t.Waiting(w)
	}
}

// answered tells of a response to a request that was sent at the time.
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
