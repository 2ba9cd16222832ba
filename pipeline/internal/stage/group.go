package stage

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Group runs the workers of several stages. The first error cancels the run.
type Group struct {
	group  *errgroup.Group
	cancel context.CancelCauseFunc
}

// NewGroup returns a group that calls cancel with the first error, and a context that ends with
// ctx, with that error, or when Wait returns.
func NewGroup(ctx context.Context, cancel context.CancelCauseFunc) (*Group, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	return &Group{g, cancel}, ctx
}

// Go runs a goroutine that is no worker.
func (g *Group) Go(f func() error) { g.group.Go(f) }

// Run runs n workers of a stage, and calls after when all of them have ended. A worker's error
// cancels the run before that: the next stage must not report what it misses as the reason.
func (g *Group) Run(n int, c *Clock, work func(*Worker) error, after func()) {
	var wg sync.WaitGroup
	c.Employ(n)
	for range n {
		wg.Add(1)
		g.group.Go(func() error {
			defer wg.Done()
			w := c.Start()
			defer w.End()
			err := work(w)
			if err != nil {
				g.cancel(err)
			}
			return err
		})
	}
	g.group.Go(func() error { wg.Wait(); c.Employ(-n); after(); return nil })
}

// Wait returns the first error when all goroutines have ended.
func (g *Group) Wait() error { return g.group.Wait() }

// Send sends v unless ctx ends first; then the error is its cause. The worker is blocked meanwhile.
func Send[T any](ctx context.Context, w *Worker, ch chan<- T, v T) error {
	w.SetState(Blocked)
	defer w.SetState(Busy)
	select {
	case ch <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Receive receives a value; ok is false if the channel is closed. The worker is starved meanwhile.
func Receive[T any](w *Worker, ch <-chan T) (v T, ok bool) {
	w.SetState(Starved)
	v, ok = <-ch
	w.SetState(Busy)
	return v, ok
}

// NewTicker returns a ticker for what has to be done when a time has passed: it ticks after that
// time, and at least every second, as the time may become shorter.
func NewTicker(d time.Duration) *time.Ticker {
	return time.NewTicker(max(min(d, time.Second), time.Millisecond))
}
