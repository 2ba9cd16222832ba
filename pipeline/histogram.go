package pipeline

import (
	"math/bits"
	"sync/atomic"
	"time"
)

const (
	// A histogram has so many buckets for each doubling, so that a percentile is
	// off by an eighth at most.
	bucketsPerDoubling = 8

	// maxLatency is what the last bucket begins with: above two hours.
	maxLatency = 1<<33 - 1 // microseconds
)

// A histogram counts times, in buckets that grow with them. It takes 2 KiB,
// whatever it counts, and may be used by several goroutines.
type histogram struct {
	buckets [31 * bucketsPerDoubling]atomic.Int64
	max     atomic.Int64 // nanoseconds
}

// bucketOf returns the bucket of a time: below 8 µs there is one for each
// microsecond, and from there on 8 for each doubling.
func bucketOf(d time.Duration) int {
	us := uint64(min(max(d.Microseconds(), 0), maxLatency))
	if us < bucketsPerDoubling {
		return int(us)
	}
	shift := bits.Len64(us) - 4
	return (shift+1)*bucketsPerDoubling + int(us>>shift) - bucketsPerDoubling
}

// bucketEnd returns the greatest time of a bucket.
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

// latency sums the histogram up; nil if it counted nothing.
func (h *histogram) latency() *Latency {
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
	return &Latency{P50: at(50), P90: at(90), P99: at(99), Max: longest.Seconds()}
}
