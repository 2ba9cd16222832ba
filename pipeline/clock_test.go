package pipeline

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestWorkerTime: a worker's time is told apart, for its run and for the pool.
func TestWorkerTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := newClocks(nil)
		c := newClocks(pool)
		c.compress.employ(1)
		in, out := make(chan int), make(chan int)
		go func() { time.Sleep(3 * time.Second); in <- 1; close(in) }()
		go func() { time.Sleep(10 * time.Second); <-out }()

		w := c.compress.start()
		v, more := receive(w, in)
		time.Sleep(2 * time.Second)
		_ = w.await(func() error { time.Sleep(time.Second); return nil })
		w.did(1, 100)
		if err := send(t.Context(), w, out, v); err != nil || !more {
			t.Error(err, more)
		}
		if _, more := receive(w, in); more {
			t.Error("there is more")
		}
		w.end()
		c.compress.employ(-1)

		want := Stage{Name: "compress", Workers: 1, Busy: 3, Waiting: 1, Starved: 3, Blocked: 4, Count: 1, Bytes: 100}
		for _, c := range []*clocks{c, pool} {
			if diff := cmp.Diff(want, c.compress.stage()); diff != "" {
				t.Errorf("stage (-want +got):\n%s", diff)
			}
		}
	})
}

// TestSendEnds: a worker that is blocked goes when its context does, with the cause.
func TestSendEnds(t *testing.T) {
	cause := errors.New("the store is down")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if err := send(ctx, nil, make(chan int), 1); err != cause {
		t.Errorf("error is %v", err)
	}
}

// TestEmployed: the workers of a stage are those that were there at once.
func TestEmployed(t *testing.T) {
	pool := newClocks(nil)
	one, two := newClocks(pool), newClocks(pool)
	one.export.employ(4)
	one.export.employ(-4)
	two.export.employ(3)
	one.export.employ(2)
	got := []int{one.export.stage().Workers, two.export.stage().Workers, pool.export.stage().Workers}
	if diff := cmp.Diff([]int{4, 3, 5}, got); diff != "" {
		t.Errorf("workers (-want +got):\n%s", diff)
	}
}

// TestBuckets: a time lies in its bucket, the buckets touch, and none is wider than
// an eighth of what it begins with.
func TestBuckets(t *testing.T) {
	last := len(histogram{}.buckets) - 1
	if got := bucketOf(1 << 62); got != last {
		t.Errorf("the longest time is in bucket %d of %d", got, last)
	}
	if got := bucketOf(-1); got != 0 {
		t.Errorf("a negative time is in bucket %d", got)
	}
	for i := range last {
		end := bucketEnd(i)
		if bucketOf(end) != i || bucketOf(end+1) != i+1 {
			t.Fatalf("bucket %d ends at %v, which is in %d, before %d", i, end, bucketOf(end), bucketOf(end+1))
		}
		if width := bucketEnd(i+1) - end; i >= bucketsPerDoubling && width > end/8+1 {
			t.Fatalf("bucket %d is %v wide", i+1, width)
		}
	}
}

// TestPercentiles compares with those of the sorted times.
func TestPercentiles(t *testing.T) {
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	for _, n := range []int{1, 2, 99, 100, 101, 5000} {
		var h histogram
		times := make([]float64, n)
		for i := range times {
			d := time.Duration(rng.Int64N(1 << (20 + rng.IntN(15)))) // up to 17 s
			times[i] = d.Seconds()
			h.add(d)
		}
		slices.Sort(times)
		at := func(percent int) float64 { return times[(n*percent+99)/100-1] }
		want := &Latency{P50: at(50), P90: at(90), P99: at(99), Max: times[n-1]}
		// A bucket is up to an eighth too far, and a microsecond where it is short.
		if diff := cmp.Diff(want, h.latency(), cmpopts.EquateApprox(0.125, 2e-6)); diff != "" {
			t.Errorf("seed %d, %d times (-want +got):\n%s", seed, n, diff)
		}
	}
	if got := (&histogram{}).latency(); got != nil {
		t.Errorf("no times have %+v", got)
	}
}
