package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline/internal/health"
	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A transfer moves items from Graph into packs: it runs the stages of a run. It receives the
// listing's items, and sends a verdict on each item and the packs that are durable to the ledger.
type transfer struct {
	source   *graph.MailboxClient
	opts     *Options
	front    *front
	packing  *packing.Packing
	health   *health.Health
	deferred *deferred

	items    chan item    // enumerate → batch
	batches  chan []item  // batch → export
	verdicts chan verdict // export, and enumerate for items that need no export → record
}

// newTransfer returns a transfer. Its channels have room for one batch, so that a stage proceeds
// while the next one starts; more would only take memory.
func newTransfer(source *graph.MailboxClient, opts *Options, f *front, p *packing.Packing) *transfer {
	return &transfer{
		source: source, opts: opts, front: f, packing: p, health: health.New(source), deferred: newDeferred(),
		items: make(chan item, batchSize), batches: make(chan []item, 1), verdicts: make(chan verdict, batchSize),
	}
}

// run runs all stages until all items are recorded, or until the front has stopped and what had
// arrived is recorded. list is the enumerate stage. record is the record stage, which receives
// verdicts and durable packs. An error means that nothing can be stored.
func (t *transfer) run(ctx, back context.Context, cancel context.CancelCauseFunc, c *stage.Clocks, list func(context.Context),
	record func(context.Context, *stage.Worker, <-chan verdict, <-chan packing.Pack) error) error {
	defer t.packing.Release()
	g, back := stage.NewGroup(back, cancel)
	front := t.front.start(back)
	defer t.front.end()
	defer context.AfterFunc(ctx, func() { t.front.stop(ErrInterrupted) })()
	defer boundDrain(front, t.opts.DrainTimeout, cancel)()

	g.Go(func() error { defer close(t.items); list(front); return nil })
	g.Run(1, &c.Batch, func(w *stage.Worker) error { t.batchItems(front, w); return nil }, func() { close(t.batches) })
	g.Run(t.opts.Exporters, &c.Export, func(w *stage.Worker) error { return t.exportBatches(front, back, w) },
		func() { t.packing.Close(); close(t.verdicts) })
	t.packing.Start(back, g, c)
	g.Run(1, &c.Record, func(w *stage.Worker) error { return record(back, w, t.verdicts, t.packing.Durable()) }, func() {})
	return g.Wait()
}

// errStopped is the cause of the front's context when it has stopped. It is not the reason for
// that: the error of one request would look like the answer to another.
var errStopped = errors.New("the run has stopped")

// A front knows why the stages up to export ended early: because of the first error.
type front struct {
	mu     sync.Mutex
	err    error
	cancel context.CancelCauseFunc
}

// start returns the context of the front.
func (f *front) start(back context.Context) context.Context {
	ctx, cancel := context.WithCancelCause(back)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.cancel = cancel
	return ctx
}

// end frees the context of the front.
func (f *front) end() { f.cancel(nil) }

// stop ends the front for a reason.
func (f *front) stop(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err == nil {
		f.err = err
		f.cancel(errStopped)
	}
}

// reason returns why the front was stopped; nil if it was not.
func (f *front) reason() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// boundDrain bounds the time in which the back stores what has arrived, from when the front stops.
// The returned function ends the watch.
func boundDrain(front context.Context, timeout time.Duration, cancel context.CancelCauseFunc) (end func()) {
	var mu sync.Mutex
	var timer *time.Timer
	ended := false
	unwatch := context.AfterFunc(front, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			timer = time.AfterFunc(timeout, func() {
				cancel(fmt.Errorf("what had arrived could not be stored within %s", timeout))
			})
		}
	})
	return func() {
		unwatch()
		mu.Lock()
		defer mu.Unlock()
		if ended = true; timer != nil {
			timer.Stop()
		}
	}
}
