package report

import (
	"math"
	"slices"
)

// A Spread summarizes one figure of several repetitions.
type Spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// Summarize returns the spread of some values; zero if there are none.
func Summarize(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return Spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1]}
}

// SpreadOf returns the spread of a figure over some runs.
func SpreadOf(runs []Run, figure func(*Run) float64) Spread {
	values := make([]float64, len(runs))
	for i := range runs {
		values[i] = figure(&runs[i])
	}
	return Summarize(values)
}

// Ratio divides a figure of some runs by the same figure of other runs, repetition by repetition,
// and returns the median of the quotients. It is false if the numbers of runs differ, or if
// the median is not a finite number.
func Ratio(runs, others []Run, figure func(*Run) float64) (float64, bool) {
	if len(runs) == 0 || len(runs) != len(others) {
		return 0, false
	}
	quotients := make([]float64, len(runs))
	for i := range runs {
		quotients[i] = figure(&runs[i]) / figure(&others[i])
	}
	ratio := Summarize(quotients).Median
	return ratio, !math.IsNaN(ratio) && !math.IsInf(ratio, 0)
}
