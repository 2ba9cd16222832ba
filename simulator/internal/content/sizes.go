package content

import (
	"math/bits"
	"strings"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Sizes says how long streams are, in bytes.
type Sizes struct {
	All int64 // the length of every stream, unless it is zero
	// Min spreads lengths from it to Max, as many in each doubling. If it is zero, lengths spread
	// as those of real mail do.
	Min, Max int64
}

// quantile states which share of all messages, in 10,000, has at most this size in bytes.
type quantile struct {
	share, size int64
}

// mailSizes is close to a log-normal distribution with a heavy tail: half below 20 KB, a mean of
// about 65 KB.
var mailSizes = []quantile{
	{0, 3_000}, {500, 5_000}, {1000, 6_500}, {2500, 11_000}, {5000, 19_000}, {7500, 36_000}, {9000, 80_000}, {9500, 150_000},
	{9800, 380_000}, {9900, 750_000}, {9950, 1_500_000}, {9990, 5_000_000}, {9999, 18_000_000}, {10_000, 50_000_000},
}

// draw chooses about how long a stream is.
func (s Sizes) draw(class string, r *rng.Rand) int64 {
	if s.All > 0 {
		return s.All
	}
	if s.Min > 0 {
		return doublingSize(s.Min, s.Max, r)
	}
	size := mailSize(r)
	if !strings.HasPrefix(class, "IPM.Note") {
		size = max(3_000, size/4)
	}
	return min(size, s.Max)
}

// mailSize draws from mailSizes, linearly between two quantiles.
func mailSize(r *rng.Rand) int64 {
	at := r.Below(10_000 * 1000)
	for i := 1; i < len(mailSizes); i++ {
		low, high := mailSizes[i-1], mailSizes[i]
		if at < high.share*1000 {
			return low.size + (high.size-low.size)*(at-low.share*1000)/((high.share-low.share)*1000)
		}
	}
	return mailSizes[len(mailSizes)-1].size
}

// doublingSize draws one of the doublings between two sizes, and a size in it.
func doublingSize(least, most int64, r *rng.Rand) int64 {
	doublings := int64(max(1, bits.Len64(uint64((most-1)/least))))
	low := least << r.Below(doublings)
	return low + r.Below(min(low, most-low+1))
}
