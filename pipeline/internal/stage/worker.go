package stage

import (
	"context"
	"net/http"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// A Worker is a goroutine of a stage. It reads the time whenever its activity changes. Only its
// goroutine uses it. The methods of a nil worker count nothing.
type Worker struct {
	clock *Clock
	state Activity
	since time.Time
}

// Start returns a new worker, which is starved at first.
func (c *Clock) Start() *Worker { return &Worker{clock: c, since: time.Now()} }

// SetState ends the worker's activity and begins another.
func (w *Worker) SetState(a Activity) {
	if w == nil {
		return
	}
	now := time.Now()
	for c := w.clock; c != nil; c = c.total {
		c.spent[w.state].Add(int64(now.Sub(w.since)))
	}
	w.state, w.since = a, now
}

// End counts the time of the worker's last activity.
func (w *Worker) End() { w.SetState(Starved) }

// Await runs f while the worker counts as waiting for an answer.
func (w *Worker) Await(f func() error) error {
	w.SetState(Waiting)
	defer w.SetState(Busy)
	return f()
}

// Did counts units of work and their bytes.
func (w *Worker) Did(count, bytes int64) {
	if w == nil {
		return
	}
	for c := w.clock; c != nil; c = c.total {
		c.count.Add(count)
		c.bytes.Add(bytes)
	}
}

// Digested counts a chunk whose digest was computed.
func (w *Worker) Digested(length int) {
	if w == nil {
		return
	}
	for c := w.clock; c != nil; c = c.total {
		c.digests.Add(1)
		c.digested.Add(int64(length))
	}
}

// Took counts the duration of a unit.
func (w *Worker) Took(d time.Duration) {
	if w == nil {
		return
	}
	for c := w.clock; c != nil; c = c.total {
		c.latency.add(d)
	}
}

// Trace returns a context whose requests to Graph count as the worker's. Between them, the worker
// is busy.
func (w *Worker) Trace(ctx context.Context) context.Context {
	states := map[graph.Wait]Activity{graph.WaitNone: Busy, graph.WaitGraph: Waiting, graph.WaitLimit: Throttled}
	return graph.WithTrace(ctx, &graph.Trace{
		Waiting: func(wait graph.Wait) { w.SetState(states[wait]) },
		Answered: func(status int, first, all time.Duration) {
			w.Did(1, 0)
			if status != http.StatusOK {
				return
			}
			w.Took(all)
			for c := w.clock; c != nil; c = c.total {
				c.firstByte.add(first)
			}
		},
	})
}
