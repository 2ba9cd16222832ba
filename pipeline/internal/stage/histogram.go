package stage

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// With eight buckets for each doubling, a percentile is off by an eighth at most.
	bucketsPerDoubling = 8

	// maxLatency is the start of the last bucket, more than two hours.
	maxLatency = 1<<33 - 1 // microseconds
)

// A histogram counts durations in buckets that grow with the durations. It takes 2 KiB and is safe
// for concurrent use.
type histogram struct {
	buckets [31 * bucketsPerDoubling]atomic.Int64
	max     atomic.Int64 // nanoseconds
}

// Percentiles describe durations, in seconds.
type Percentiles struct{ P50, P90, P99, Max float64 }

// bucketOf returns the bucket of a duration. Below 8 µs each microsecond has a bucket; above, each
// doubling has 8.
func bucketOf(d time.Duration) int {
	us := uint64(min(max(d.Microseconds(), 0), maxLatency))
	if us < bucketsPerDoubling {
		return int(us)
	}
	shift := bits.Len64(us) - 4
	return (shift+1)*bucketsPerDoubling + int(us>>shift) - bucketsPerDoubling
}

// bucketEnd returns the longest duration of a bucket.
func bucketEnd(i int) time.Duration {
	if i < bucketsPerDoubling {
		return time.Duration(i+1)*time.Microsecond - 1
	}
	shift := i/bucketsPerDoubling - 1
	us := uint64(i%bucketsPerDoubling+bucketsPerDoubling+1) << shift
	return time.Duration(us)*time.Microsecond - 1
}

func (h *histogram) add(d time.Duration) {
	h.buckets[bucketOf(d)].Add(1)
	for {
		old := h.max.Load()
		if int64(d) <= old || h.max.CompareAndSwap(old, int64(d)) {
			return
		}
	}
}

// percentiles returns nil if nothing was counted.
func (h *histogram) percentiles() *Percentiles {
	var counts [len(h.buckets)]int64
	total := int64(0)
	for i := range h.buckets {
		counts[i] = h.buckets[i].Load()
		total += counts[i]
	}
	if total == 0 {
		return nil
	}
	longest := time.Duration(h.max.Load())
	at := func(percent int64) float64 {
		rank, i := (total*percent+99)/100, 0
		for ; counts[i] < rank; i++ {
			rank -= counts[i]
		}
		return min(bucketEnd(i), longest).Seconds()
	}
	return &Percentiles{P50: at(50), P90: at(90), P99: at(99), Max: longest.Seconds()}
}
