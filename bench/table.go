package bench

import (
	"fmt"
	"slices"
)

const mib = 1 << 20

// A goal is a row before it is measured.
type goal struct {
	what, reach string
	measure     func(results) (figure, bool)
	needs       []need
}

// A need is a scenario that a row is about, and what of it beside mailhaul's export.
type need struct {
	scenario string
	others   []string
}

// A figure is what a row measured.
type figure struct {
	value float64
	words string
	pass  bool
}

// goals is what is to be reached.
var goals = []goal{
	{"efficiency, office mix, to nowhere", "≥ 0.80", efficiency, of("nowhere", theStages)},
	{"CPU seconds per GB, against the baseline, to MinIO", "≤ 1/3", func(r results) (figure, bool) {
		return r.compare("s3", Mailhaul, TheBaseline, func(run *Run) float64 { return perGB(run.CPU(), run.Bytes) }, atMost(1.0/3), "%.2f: %.1f against %.1f CPU s/GB")
	}, of("s3", TheBaseline)},
	{"wall time to MinIO, against the baseline", "≤ 1/5", func(r results) (figure, bool) {
		return r.compare("s3", Mailhaul, TheBaseline, func(run *Run) float64 { return run.Seconds }, atMost(1.0/5), "%.2f: %.1f against %.1f s")
	}, of("s3", TheBaseline)},
	{"throughput to MinIO, against restic", "≥ 1.5 ×", func(r results) (figure, bool) {
		return r.compare("s3", Mailhaul, Restic, megabytes, atLeast(1.5), "%.2f ×: %.0f against %.0f MB/s")
	}, of("s3", Restic)},
	{"throughput of two cores, against one", "≥ 1.8 ×", twoCores, of("nowhere", OneCore)},
	{"limits modelled: share of what they allow", "≥ 95 %, < 1 % throttled", limits, of("limits")},
	{"peak memory, one mailbox, items up to 150 MB", "≤ 256 MiB", peakOf("huge", 256), of("huge")},
	{"peak memory, 16 mailboxes at once", "≤ 1 GiB", peakOf("mailboxes16", 1024), of("mailboxes16")},
	{"memory, 1,000,000 items against 10,000", "within 64 MiB", moreItems, append(of("items10k"), of("items1m")...)},
	{"stored bytes, against one zstd stream at the same level", "≤ 1.10", stored, of("nowhere", theStages)},
	{"CPU of a nightly run without changes, 100,000 items", "≤ 1 s", nightly, of("nightly", NoChange)},
	{"reads of packs to extract one item of 100,000", "≤ 3", extracted, of("nightly", oneItem)},
}

func of(scenario string, others ...string) []need { return []need{{scenario, others}} }

// table makes the rows from the results of a suite, and from what failed in it.
func table(all []Result, failed []Failure) []Row {
	rows := make([]Row, len(goals))
	for i, g := range goals {
		rows[i] = Row{What: g.what, Reach: g.reach, Measured: "not measured", Outcome: LeftOut}
		if why := g.failed(failed); why != "" {
			rows[i].Measured, rows[i].Outcome = why, Failed
		}
		if f, ok := g.measure(results(all)); ok {
			rows[i].Measured, rows[i].Value, rows[i].Outcome = f.words, f.value, Miss
			if f.pass {
				rows[i].Outcome = Pass
			}
		}
	}
	return rows
}

// failed tells what of that which a row needs has failed; nothing if none of it has.
func (g *goal) failed(failures []Failure) string {
	for _, f := range failures {
		for _, n := range g.needs {
			switch {
			case f.Scenario != n.scenario:
			case f.Contender == "":
				return "scenario " + f.Scenario + " failed"
			case slices.Contains(n.others, f.Contender):
				return f.Contender + " failed in scenario " + f.Scenario
			}
		}
	}
	return ""
}

// results are those of a suite.
type results []Result

// of returns a scenario's result, and whether there is one.
func (r results) of(scenario string) (*Result, bool) {
	i := slices.IndexFunc(r, func(s Result) bool { return s.Scenario == scenario })
	if i < 0 {
		return nil, false
	}
	return &r[i], true
}

// runs returns those of a contender in a scenario; none if it did not take part.
func (r results) runs(scenario, contender string) []Run {
	s, ok := r.of(scenario)
	if !ok {
		return nil
	}
	i := slices.IndexFunc(s.Contenders, func(c Contender) bool { return c.Name == contender })
	if i < 0 {
		return nil
	}
	return s.Contenders[i].Runs
}

func atMost(bound float64) func(float64) bool  { return func(v float64) bool { return v <= bound } }
func atLeast(bound float64) func(float64) bool { return func(v float64) bool { return v >= bound } }

func megabytes(r *Run) float64 { return r.rate() / 1e6 }

// compare divides a figure of one contender by that of another, repetition by repetition, and takes the median of the ratios.
func (r results) compare(scenario, a, b string, f func(*Run) float64, good func(float64) bool, words string) (figure, bool) {
	as, bs := r.runs(scenario, a), r.runs(scenario, b)
	ratio, ok := Ratio(as, bs, f)
	if !ok {
		return figure{}, false
	}
	return figure{ratio, fmt.Sprintf(words, ratio, spread(as, f).Median, spread(bs, f).Median), good(ratio)}, true
}

func efficiency(r results) (figure, bool) {
	s, ok := r.of("nowhere")
	if !ok || s.Efficiency == nil {
		return figure{}, false
	}
	e := s.Efficiency
	words := fmt.Sprintf("%.2f (%.2f to %.2f); floor %.2f CPU s/GB", e.Median, e.Min, e.Max, s.Floor.Median)
	return figure{e.Median, words, e.Median >= 0.80}, true
}

// twoCores tells also what the fastest runs make, which the machine disturbed least, and, where it was measured, what comes
// of one core when the simulated Graph keeps the other.
func twoCores(r results) (figure, bool) {
	f, ok := r.compare("nowhere", Mailhaul, OneCore, megabytes, atLeast(1.8), "%.2f ×: %.0f against %.0f MB/s")
	if !ok {
		return figure{}, false
	}
	fastest := spread(r.runs("nowhere", Mailhaul), megabytes).Max / spread(r.runs("nowhere", OneCore), megabytes).Max
	f.words += fmt.Sprintf("; %.2f × between the fastest runs", fastest)
	if other, there := r.compare("nowhere", Mailhaul, OneOfAll, megabytes, atLeast(1.8), ""); there {
		f.words += fmt.Sprintf("; %.2f × if the simulated Graph keeps the other core", other.value)
	}
	return f, true
}

func limits(r results) (figure, bool) {
	s, ok := r.of("limits")
	runs := r.runs("limits", Mailhaul)
	if !ok || s.Ceiling == 0 || len(runs) == 0 {
		return figure{}, false
	}
	share := spread(runs, (*Run).rate).Median / s.Ceiling
	var requests, throttled int64
	for i := range runs {
		requests, throttled = requests+runs[i].Requests, throttled+runs[i].Throttled
	}
	refused := float64(throttled) / float64(max(1, requests))
	words := fmt.Sprintf("%.1f %%, %.2f %% throttled", 100*share, 100*refused)
	return figure{share, words, share >= 0.95 && refused < 0.01}, true
}

// peakOf is the most memory that any run of a scenario took, which must be at most so many MiB.
func peakOf(scenario string, most int64) func(results) (figure, bool) {
	return func(r results) (figure, bool) {
		runs := r.runs(scenario, Mailhaul)
		peak := int64(spread(runs, func(r *Run) float64 { return float64(r.Peak) }).Max)
		return figure{float64(peak), fmt.Sprintf("%d MiB", peak/mib), peak <= most*mib}, peak > 0
	}
}

func moreItems(r results) (figure, bool) {
	few, many := r.runs("items10k", Mailhaul), r.runs("items1m", Mailhaul)
	if len(few) == 0 || len(many) == 0 || few[0].Peak == 0 {
		return figure{}, false
	}
	more := many[0].Peak - few[0].Peak
	words := fmt.Sprintf("%+d MiB: %d against %d MiB", more/mib, many[0].Peak/mib, few[0].Peak/mib)
	return figure{float64(more), words, more <= 64*mib}, true
}

func stored(r results) (figure, bool) {
	s, ok := r.of("nowhere")
	runs := r.runs("nowhere", Mailhaul)
	if !ok || s.Stream == 0 || len(runs) == 0 {
		return figure{}, false
	}
	ratio := spread(runs, func(r *Run) float64 { return float64(r.Stored) }).Max / float64(s.Stream)
	return figure{ratio, fmt.Sprintf("%.3f", ratio), ratio <= 1.10}, true
}

func nightly(r results) (figure, bool) {
	runs := r.runs("nightly", NoChange)
	cpu := spread(runs, (*Run).CPU).Max
	return figure{cpu, fmt.Sprintf("%.2f s", cpu), cpu <= 1}, len(runs) > 0
}

func extracted(r results) (figure, bool) {
	s, ok := r.of("nightly")
	if !ok || s.PackReads == 0 {
		return figure{}, false
	}
	return figure{float64(s.PackReads), fmt.Sprint(s.PackReads), s.PackReads <= 3}, true
}
