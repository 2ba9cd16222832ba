package render

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestUpTo checks scales for figures of all magnitudes.
func TestUpTo(t *testing.T) {
	const seed = 3
	random := rand.New(rand.NewPCG(seed, 0))
	for range 10_000 {
		most := math.Pow(10, random.Float64()*30-12)
		s, marks := upTo(most, 50, 400, 4)
		if s.high < most*(1-1e-9) || s.high > 2.6*most {
			t.Fatalf("seed %d: the scale for %g ends at %g", seed, most, s.high)
		}
		if n := len(marks); n < 3 || n > 6 || marks[0] != 0 || math.Abs(marks[n-1]/s.high-1) > 1e-9 {
			t.Fatalf("seed %d: the marks for %g are %v", seed, most, marks)
		}
		if s.at(0) != 50 || math.Abs(s.at(s.high)-400) > 1e-6 {
			t.Fatalf("seed %d: the scale for %g goes from %g to %g", seed, most, s.at(0), s.at(s.high))
		}
		step := marks[1] / math.Pow(10, math.Floor(math.Log10(marks[1])+1e-9))
		if r := math.Round(step); math.Abs(step-r) > 1e-6 || r != 1 && r != 2 && r != 5 {
			t.Fatalf("seed %d: the marks for %g are not round: %v", seed, most, marks)
		}
	}
}

func TestDecades(t *testing.T) {
	for _, c := range []struct {
		low, high float64
		first     float64
		marks     int
	}{{0.002, 0.7, 0.001, 4}, {1, 1, 1, 2}, {0.001, 1, 0.001, 4}, {0.5, 0.6, 0.1, 2}} {
		s, marks := decades(c.low, c.high, 0, 100)
		if math.Abs(marks[0]/c.first-1) > 1e-9 || len(marks) != c.marks || s.at(c.low) < -1e-6 || s.at(c.high) > 100+1e-6 {
			t.Errorf("%g to %g: marks %v, drawn from %g to %g", c.low, c.high, marks, s.at(c.low), s.at(c.high))
		}
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0.00", 0.812: "0.81", 9.994: "9.99", 9.996: "10.0", 99.94: "99.9", 99.96: "100", 1234.4: "1,234", 0.0031: "0.0031", math.Inf(1): none,
	} {
		if got := number(v); got != want {
			t.Errorf("%g is %q, want %q", v, got, want)
		}
	}
}

func TestSeconds(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0 s", 0.00016: "160 µs", 0.0413: "41.3 ms", 3.5: "3.50 s", 119: "119 s", 600: "10 min", 9000: "2.50 h", 864000: "10.0 days", -1: none, math.NaN(): none,
	} {
		if got := seconds(v); got != want {
			t.Errorf("%g s is %q, want %q", v, got, want)
		}
	}
}
