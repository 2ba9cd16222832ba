package report_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/bench/report"
)

// TestRatio divides run by run. There is no ratio of different numbers of runs, or by zero.
func TestRatio(t *testing.T) {
	seconds := func(r *report.Run) float64 { return r.Seconds }
	runs := func(seconds ...float64) (all []report.Run) {
		for _, s := range seconds {
			all = append(all, report.Run{Seconds: s})
		}
		return all
	}
	if ratio, ok := report.Ratio(runs(1, 2, 6), runs(8, 4, 15), seconds); !ok || ratio != 0.4 {
		t.Errorf("the ratio is %g, %t", ratio, ok)
	}
	for name, c := range map[string][2][]report.Run{
		"no runs":    {},
		"a run less": {runs(1, 2, 6), runs(8, 4)},
		"no seconds": {runs(0), runs(0)},
		"by zero":    {runs(8), runs(0)},
	} {
		if ratio, ok := report.Ratio(c[0], c[1], seconds); ok {
			t.Errorf("%s: the ratio is %g", name, ratio)
		}
	}
}

func TestSummarize(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   report.Spread
	}{
		"none": {nil, report.Spread{}},
		"one":  {[]float64{3}, report.Spread{Median: 3, Min: 3, Max: 3}},
		"even": {[]float64{4, 1, 2, 9}, report.Spread{Median: 3, Min: 1, Max: 9}},
		"odd":  {[]float64{7, 1, 2}, report.Spread{Median: 2, Min: 1, Max: 7}},
	} {
		if got := report.Summarize(c.values); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
