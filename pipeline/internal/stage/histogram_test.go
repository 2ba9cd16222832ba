package stage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestBuckets: each duration lies in its bucket, the buckets touch, and none is wider than an
// eighth of its start.
func TestBuckets(t *testing.T) {
	last := len(histogram{}.buckets) - 1
	if got := bucketOf(1 << 62); got != last {
		t.Errorf("the longest duration is in bucket %d of %d", got, last)
	}
	if got := bucketOf(-1); got != 0 {
		t.Errorf("a negative duration is in bucket %d", got)
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

// TestPercentiles compares with the percentiles of the sorted durations.
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
		want := &Percentiles{P50: at(50), P90: at(90), P99: at(99), Max: times[n-1]}
		// A bucket ends up to an eighth too late, or a microsecond where durations are short.
		if diff := cmp.Diff(want, h.percentiles(), cmpopts.EquateApprox(0.125, 2e-6)); diff != "" {
			t.Errorf("seed %d, %d durations (-want +got):\n%s", seed, n, diff)
		}
	}
	if got := (&histogram{}).percentiles(); got != nil {
		t.Errorf("an empty histogram has percentiles %+v", got)
	}
}
