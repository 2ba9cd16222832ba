package render

import "math"

// A scale maps figures to coordinates.
type scale struct {
	low, high float64 // figures
	from, to  float64 // coordinates
	log       bool
}

func (s scale) at(v float64) float64 {
	low, high := s.low, s.high
	if s.log {
		v, low, high = math.Log10(v), math.Log10(low), math.Log10(high)
	}
	if high == low {
		return s.from
	}
	return s.from + (v-low)/(high-low)*(s.to-s.from)
}

// Figures outside this range are not drawn: the steps of a scale would become zero or infinite.
const smallest, largest = 1e-100, 1e100

// upTo returns a scale from zero to a round figure of at least most, and its marks.
func upTo(most, from, to float64, ticks int) (scale, []float64) {
	if !(most > smallest && most < largest) {
		most = 1
	}
	step := roundStep(most / float64(ticks))
	n := int(math.Ceil(most/step - 1e-9))
	s := scale{high: step * float64(n), from: from, to: to}
	var marks []float64
	for i := range n + 1 {
		marks = append(marks, float64(i)*step)
	}
	return s, marks
}

// roundStep returns the smallest of 1, 2 and 5 times a power of ten that is at least v.
func roundStep(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if v <= m*power*(1+1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// decades returns a logarithmic scale between powers of ten, and its marks, which are powers of
// ten.
func decades(low, high, from, to float64) (scale, []float64) {
	first, last := math.Floor(math.Log10(low)+1e-9), math.Ceil(math.Log10(high)-1e-9)
	if last <= first {
		last = first + 1
	}
	var marks []float64
	for e := first; e <= last; e++ {
		marks = append(marks, math.Pow(10, e))
	}
	return scale{low: marks[0], high: marks[len(marks)-1], from: from, to: to, log: true}, marks
}
