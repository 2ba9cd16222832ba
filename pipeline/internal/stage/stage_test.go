package stage_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWorkerTime: each second of a worker counts for one activity, of its run and of all runs.
func TestWorkerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		total := stage.NewClocks(nil)
		c := stage.NewClocks(total)
		c.Compress.Employ(1)
		in, out := make(chan int), make(chan int)
		go func() { time.Sleep(3 * time.Second); in <- 1; close(in) }()
		go func() { time.Sleep(10 * time.Second); <-out }()

		w := c.Compress.Start()
		v, more := stage.Receive(w, in)
		time.Sleep(2 * time.Second)
		_ = w.Await(func() error { time.Sleep(time.Second); return nil })
		w.Did(1, 100)
		if err := stage.Send(t.Context(), w, out, v); err != nil || !more {
			t.Error(err, more)
		}
		if _, more := stage.Receive(w, in); more {
			t.Error("a closed channel has more")
		}
		w.End()
		c.Compress.Employ(-1)

		want := map[stage.Activity]float64{stage.Busy: 2, stage.Waiting: 1, stage.Starved: 3, stage.Blocked: 4}
		for _, c := range []*stage.Clocks{c, total} {
			for a := stage.Starved; a <= stage.Blocked; a++ {
				if got := c.Compress.Seconds(a); got != want[a] {
					t.Errorf("activity %d took %v s, want %v", a, got, want[a])
				}
			}
			if count, bytes := c.Compress.Work(); count != 1 || bytes != 100 || c.Compress.Workers() != 1 {
				t.Errorf("%d workers did %d units of %d bytes", c.Compress.Workers(), count, bytes)
			}
		}
	})
}

// TestSendCancelled: a blocked worker returns the cause when its context ends.
func TestSendCancelled(t *testing.T) {
	cause := errors.New("the store is down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := stage.Send(ctx, nil, make(chan int), 1); err != cause {
		t.Errorf("error is %v", err)
	}
}

// TestWorkers: a stage counts the most workers that it had at a time.
func TestWorkers(t *testing.T) {
	total := stage.NewClocks(nil)
	one, two := stage.NewClocks(total), stage.NewClocks(total)
	one.Export.Employ(4)
	one.Export.Employ(-4)
	two.Export.Employ(3)
	one.Export.Employ(2)
	got := []int{one.Export.Workers(), two.Export.Workers(), total.Export.Workers()}
	if diff := cmp.Diff([]int{4, 3, 5}, got); diff != "" {
		t.Errorf("workers (-want +got):\n%s", diff)
	}
}

// TestGroupError: a failing worker cancels the run with its own error before its stage closes the
// channel.
func TestGroupError(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	failure := errors.New("the store is down")
	g, _ := stage.NewGroup(ctx, cancel)
	clocks := stage.NewClocks(nil)
	g.Run(2, &clocks.Upload, func(*stage.Worker) error { return failure }, func() {
		if context.Cause(ctx) != failure {
			t.Errorf("when the stage ends, the cause is %v", context.Cause(ctx))
		}
	})
	if err := g.Wait(); err != failure {
		t.Errorf("error is %v", err)
	}
}
