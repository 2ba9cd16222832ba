package bench

import (
	"math"
	"slices"
)

// A Spread is what several repetitions measured.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// spreadOf sums values up; without any it is zero.
func spreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// spread sums up what f says of each of some things.
func spread[T any](of []T, f func(*T) float64) Spread {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = f(&of[i])
	}
	return spreadOf(values)
}

const gb = 1e9

// perGB returns CPU seconds per GB.
func perGB(seconds float64, bytes int64) float64 {
	if bytes == 0 {
		return 0
	}
	return seconds / float64(bytes) * gb
}

// contender sums the runs of one up.
func contender(name string, runs []Run) Contender {
	return Contender{
		Name: name, Runs: runs,
		Rate: spread(runs, (*Run).rate),
		CPU:  spread(runs, func(r *Run) float64 { return perGB(r.CPU(), r.Bytes) }),
		Peak: spread(runs, func(r *Run) float64 { return float64(r.Peak) }),
	}
}

// Ratio divides what f says of some runs by what it says of others, repetition by repetition, and returns the median. There
// is none if one of them did not run in each repetition, or if it is no finite number.
func Ratio(runs, others []Run, f func(*Run) float64) (ratio float64, ok bool) {
	if len(runs) == 0 || len(runs) != len(others) {
		return 0, false
	}
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = f(&runs[i]) / f(&others[i])
	}
	ratio = spreadOf(ratios).Median
	return ratio, !math.IsNaN(ratio) && !math.IsInf(ratio, 0)
}

// CPUSeconds sums up the CPU seconds of the runs.
func (c *Contender) CPUSeconds() Spread { return spread(c.Runs, (*Run).CPU) }

func (r *Run) rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Bytes) / r.Seconds
}
