package pipeline

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// An activity is what a worker of a stage does.
type activity int

const (
	starved   activity = iota // it waits for input
	busy                      // it works
	digesting                 // it works on digests, as exporters do
	waiting                   // it waits for an answer of Graph or the bucket
	throttled                 // it waits because Graph's limits want it to
	blocked                   // it waits for a taker, or for room
	activities
)

// A clock counts what the workers of a stage do with their time, and what they did.
// A clock of a run counts for the one of its pool too.
type clock struct {
	name     string
	pool     *clock       // nil: it is the pool's
	employed atomic.Int64 // workers now
	workers  atomic.Int64 // the most of them at once

	spent     [activities]atomic.Int64 // nanoseconds
	count     atomic.Int64
	bytes     atomic.Int64
	digests   atomic.Int64
	digested  atomic.Int64 // bytes
	latency   histogram    // of a unit
	firstByte histogram
}

// employ adds to the stage's workers, or takes away if n is negative. Those that were
// there at once are counted.
func (c *clock) employ(n int) {
	for ; c != nil; c = c.pool {
		now := c.employed.Add(int64(n))
		for most := c.workers.Load(); now > most && !c.workers.CompareAndSwap(most, now); most = c.workers.Load() {
		}
	}
}

// start begins the time of a worker, which is starved at first.
func (c *clock) start() *worker { return &worker{clock: c, since: time.Now()} }

// A worker is a goroutine of a stage; it reads the clock each time that its activity
// changes. It belongs to that goroutine. A nil one does nothing.
type worker struct {
	clock *clock
	doing activity
	since time.Time
}

// turn ends what the worker did, and begins something else.
func (w *worker) turn(to activity) {
	if w == nil {
		return
	}
	now := time.Now()
	for c := w.clock; c != nil; c = c.pool {
		c.spent[w.doing].Add(int64(now.Sub(w.since)))
	}
	w.doing, w.since = to, now
}

// end ends the worker's time.
func (w *worker) end() { w.turn(starved) }

// await lets the worker wait for an answer while f runs.
func (w *worker) await(f func() error) error {
	w.turn(waiting)
	defer w.turn(busy)
	return f()
}

// did counts units of work.
func (w *worker) did(count, bytes int64) {
	for c := w.clock; c != nil; c = c.pool {
		c.count.Add(count)
		c.bytes.Add(bytes)
	}
}

// madeDigest counts a chunk.
func (w *worker) madeDigest(length int) {
	if w == nil {
		return
	}
	for c := w.clock; c != nil; c = c.pool {
		c.digests.Add(1)
		c.digested.Add(int64(length))
	}
}

// took counts the latency of a unit.
func (w *worker) took(d time.Duration) {
	for c := w.clock; c != nil; c = c.pool {
		c.latency.add(d)
	}
}

// traced returns a context whose requests to Graph count as the worker's, which is
// busy when it does not wait for them.
func (w *worker) traced(ctx context.Context) context.Context {
	doing := map[graph.Wait]activity{graph.WaitNone: busy, graph.WaitGraph: waiting, graph.WaitLimit: throttled}
	return graph.WithTrace(ctx, &graph.Trace{
		Waiting: func(wait graph.Wait) { w.turn(doing[wait]) },
		Answered: func(status int, first, whole time.Duration) {
			w.did(1, 0)
			if status != http.StatusOK {
				return
			}
			w.took(whole)
			for c := w.clock; c != nil; c = c.pool {
				c.firstByte.add(first)
			}
		},
	})
}
