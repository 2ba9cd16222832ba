package bench

import "slices"

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

// CPUSeconds sums up the CPU seconds of the runs.
func (c *Contender) CPUSeconds() Spread { return spread(c.Runs, (*Run).CPU) }

func (r *Run) rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Bytes) / r.Seconds
}
