package lab

import (
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/bench/report"
)

const mib = 1 << 20

// A goal is a figure that mailhaul has to reach.
type goal struct {
	name, target string
	measure      func(results) (figure, bool)
	needs        []need
}

// A need is a scenario that a goal depends on, and the contenders in it besides mailhaul.
type need struct {
	scenario   string
	contenders []string
}

// A figure is the measured value of a goal.
type figure struct {
	value float64
	words string
	pass  bool
}

var goals = []goal{
	{"efficiency, office mix, to nowhere", "≥ 0.80", efficiency, of("nowhere", stagesName)},
	{"CPU seconds per GB, against the baseline, to MinIO", "≤ 1/3", func(r results) (figure, bool) {
		return r.compare("s3", report.Baseline, (*report.Run).CPUPerGB, atMost(1.0/3), "%.2f: %.1f against %.1f CPU s/GB")
	}, of("s3", report.Baseline)},
	{"wall time to MinIO, against the baseline", "≤ 1/5", func(r results) (figure, bool) {
		return r.compare("s3", report.Baseline, func(run *report.Run) float64 { return run.Seconds }, atMost(1.0/5), "%.2f: %.1f against %.1f s")
	}, of("s3", report.Baseline)},
	{"throughput to MinIO, against restic", "≥ 1.5 ×", func(r results) (figure, bool) {
		return r.compare("s3", resticName, megabytes, atLeast(1.5), "%.2f ×: %.0f against %.0f MB/s")
	}, of("s3", resticName)},
	{"throughput of two cores, against one", "≥ 1.8 ×", twoCores, of("nowhere", oneCore)},
	{"simulated limits: share of what they allow", "≥ 95 %, < 1 % throttled", limits, of("limits")},
	{"peak memory, one mailbox, items up to 150 MB", "≤ 256 MiB", peakOf("huge", 256), of("huge")},
	{"peak memory, 16 mailboxes at a time", "≤ 1 GiB", peakOf("mailboxes16", 1024), of("mailboxes16")},
	{"memory, 1,000,000 items against 10,000", "within 64 MiB", moreItems, append(of("items10k"), of("items1m")...)},
	{"stored bytes, against one zstd stream at the same level", "≤ 1.10", stored, of("nowhere", stagesName)},
	{"CPU of a nightly run without changes, 100,000 items", "≤ 1 s", nightlyCPU, of("nightly", noChange)},
	{"reads of packs to extract one item of 100,000", "≤ 3", packReads, of("nightly", extraction)},
}

func of(scenario string, contenders ...string) []need { return []need{{scenario, contenders}} }

// compareWithGoals returns all goals, given the results and the failures of a suite.
func compareWithGoals(all []report.Result, failed []report.Failure) []report.Goal {
	compared := make([]report.Goal, len(goals))
	for i, g := range goals {
		c := report.Goal{Name: g.name, Target: g.target, Measured: "not measured", Outcome: report.LeftOut}
		if reason := g.failure(failed); reason != "" {
			c.Measured, c.Outcome = reason, report.Failed
		}
		if f, ok := g.measure(results(all)); ok {
			c.Measured, c.Value, c.Outcome = f.words, f.value, report.Miss
			if f.pass {
				c.Outcome = report.Pass
			}
		}
		compared[i] = c
	}
	return compared
}

// failure returns which need of a goal has failed; nothing if none has.
func (g *goal) failure(failures []report.Failure) string {
	for _, f := range failures {
		for _, n := range g.needs {
			switch {
			case f.Scenario != n.scenario:
			case f.Contender == "":
				return "scenario " + f.Scenario + " failed"
			case slices.Contains(n.contenders, f.Contender):
				return f.Contender + " failed in scenario " + f.Scenario
			}
		}
	}
	return ""
}

// results are the results of a suite.
type results []report.Result

// scenario returns a scenario's result; an empty one if there is none.
func (r results) scenario(name string) *report.Result {
	i := slices.IndexFunc(r, func(s report.Result) bool { return s.Scenario == name })
	if i < 0 {
		return &report.Result{}
	}
	return &r[i]
}

// runs returns the runs of a contender in a scenario.
func (r results) runs(scenario, contender string) []report.Run {
	for _, c := range r.scenario(scenario).Contenders {
		if c.Name == contender {
			return c.Runs
		}
	}
	return nil
}

func atMost(bound float64) func(float64) bool  { return func(v float64) bool { return v <= bound } }
func atLeast(bound float64) func(float64) bool { return func(v float64) bool { return v >= bound } }

func megabytes(r *report.Run) float64 { return r.Rate() / 1e6 }

// compare divides a figure of mailhaul by the same figure of another contender: the median of the
// quotients of all repetitions. words formats the quotient and the medians of both.
func (r results) compare(scenario, other string, f func(*report.Run) float64, pass func(float64) bool, words string) (figure, bool) {
	ours, others := r.runs(scenario, report.Mailhaul), r.runs(scenario, other)
	ratio, ok := report.Ratio(ours, others, f)
	if !ok {
		return figure{}, false
	}
	return figure{ratio, fmt.Sprintf(words, ratio, report.SpreadOf(ours, f).Median, report.SpreadOf(others, f).Median), pass(ratio)}, true
}

func efficiency(r results) (figure, bool) {
	s := r.scenario("nowhere")
	if s.Efficiency == nil {
		return figure{}, false
	}
	e := s.Efficiency
	words := fmt.Sprintf("%.2f (%.2f to %.2f); floor %.2f CPU s/GB", e.Median, e.Min, e.Max, s.Floor.Median)
	return figure{e.Median, words, e.Median >= 0.80}, true
}

// twoCores adds the ratio of the fastest runs, which the machine disturbed least, and, if it was
// measured, the ratio against one core while the simulated Graph has the other.
func twoCores(r results) (figure, bool) {
	f, ok := r.compare("nowhere", oneCore, megabytes, atLeast(1.8), "%.2f ×: %.0f against %.0f MB/s")
	if !ok {
		return figure{}, false
	}
	fastest := report.SpreadOf(r.runs("nowhere", report.Mailhaul), megabytes).Max / report.SpreadOf(r.runs("nowhere", oneCore), megabytes).Max
	f.words += fmt.Sprintf("; %.2f × between the fastest runs", fastest)
	if ratio, ok := report.Ratio(r.runs("nowhere", report.Mailhaul), r.runs("nowhere", oneProc), megabytes); ok {
		f.words += fmt.Sprintf("; %.2f × if the simulated Graph has the other core", ratio)
	}
	return f, true
}

func limits(r results) (figure, bool) {
	ceiling, runs := r.scenario("limits").Ceiling, r.runs("limits", report.Mailhaul)
	if ceiling == 0 || len(runs) == 0 {
		return figure{}, false
	}
	share := report.SpreadOf(runs, (*report.Run).Rate).Median / ceiling
	var requests, throttled int64
	for i := range runs {
		requests, throttled = requests+runs[i].Requests, throttled+runs[i].Throttled
	}
	refused := float64(throttled) / float64(max(1, requests))
	words := fmt.Sprintf("%.1f %%, %.2f %% throttled", 100*share, 100*refused)
	return figure{share, words, share >= 0.95 && refused < 0.01}, true
}

// peakOf returns the most memory of all runs of a scenario, which must be within a bound in MiB.
func peakOf(scenario string, bound int64) func(results) (figure, bool) {
	return func(r results) (figure, bool) {
		peak := int64(report.SpreadOf(r.runs(scenario, report.Mailhaul), func(r *report.Run) float64 { return float64(r.Peak) }).Max)
		return figure{float64(peak), fmt.Sprintf("%d MiB", peak/mib), peak <= bound*mib}, peak > 0
	}
}

func moreItems(r results) (figure, bool) {
	few, many := r.runs("items10k", report.Mailhaul), r.runs("items1m", report.Mailhaul)
	if len(few) == 0 || len(many) == 0 || few[0].Peak == 0 {
		return figure{}, false
	}
	more := many[0].Peak - few[0].Peak
	words := fmt.Sprintf("%+d MiB: %d against %d MiB", more/mib, many[0].Peak/mib, few[0].Peak/mib)
	return figure{float64(more), words, more <= 64*mib}, true
}

func stored(r results) (figure, bool) {
	stream, runs := r.scenario("nowhere").Stream, r.runs("nowhere", report.Mailhaul)
	if stream == 0 || len(runs) == 0 {
		return figure{}, false
	}
	ratio := report.SpreadOf(runs, func(r *report.Run) float64 { return float64(r.Stored) }).Max / float64(stream)
	return figure{ratio, fmt.Sprintf("%.3f", ratio), ratio <= 1.10}, true
}

func nightlyCPU(r results) (figure, bool) {
	runs := r.runs("nightly", noChange)
	cpu := report.SpreadOf(runs, (*report.Run).CPU).Max
	return figure{cpu, fmt.Sprintf("%.2f s", cpu), cpu <= 1}, len(runs) > 0
}

func packReads(r results) (figure, bool) {
	n := r.scenario("nightly").PackReads
	return figure{float64(n), fmt.Sprint(n), n <= 3}, n > 0
}
