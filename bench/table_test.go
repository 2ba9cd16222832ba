package bench

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func runOf(seconds, cpu float64, peak int64) Run {
	return Run{Items: 1, Bytes: gb, Stored: 5e8, Seconds: seconds, User: cpu, Peak: peak, Requests: 1000}
}

// reached are results that reach all rows.
func reached() []Result {
	by := func(scenario string, contenders ...Contender) Result {
		return Result{Scenario: scenario, Contenders: contenders}
	}
	of := func(name string, runs ...Run) Contender { return contender(name, runs) }

	nowhere := by("nowhere", of(Mailhaul, runOf(5, 8, 0), runOf(6, 8, 0)), of(OneCore, runOf(9, 8, 0), runOf(12, 8, 0)))
	nowhere.Floor, nowhere.Efficiency, nowhere.Stream = &Spread{Median: 6.4}, &Spread{Median: 0.8}, 454_545_455
	limits := by("limits", of(Mailhaul, runOf(100, 8, 0)))
	limits.Ceiling = 1.05e7
	night := by("nightly", of(Mailhaul, runOf(9, 9, 0)), of(NoChange, runOf(1, 1, 0)))
	night.PackReads = 3
	return []Result{
		nowhere, limits, night,
		by("s3", of(Mailhaul, runOf(5, 8, 0)), of(TheBaseline, runOf(25, 24, 0)), of(Restic, runOf(7.5, 20, 0))),
		by("huge", of(Mailhaul, runOf(5, 8, 256<<20))),
		by("mailboxes16", of(Mailhaul, runOf(5, 8, 1<<30))),
		by("items10k", of(Mailhaul, runOf(1, 1, 100<<20))),
		by("items1m", of(Mailhaul, runOf(90, 90, 164<<20))),
	}
}

func TestTable(t *testing.T) {
	for i, row := range table(nil, nil) {
		if row.Outcome != LeftOut || row.What != goals[i].what {
			t.Errorf("without results: %+v", row)
		}
	}
	for _, row := range table(reached(), nil) {
		if row.Outcome != Pass || row.Measured == "" || row.Value == 0 {
			t.Errorf("%+v", row)
		}
	}
}

// TestTableMisses: each row is missed when what it is about is a little worse, and no other is.
func TestTableMisses(t *testing.T) {
	worse := []func(results){
		func(r results) { s, _ := r.of("nowhere"); s.Efficiency.Median = 0.79 },
		func(r results) { r.runs("s3", Mailhaul)[0].User = 8.1 },
		func(r results) { r.runs("s3", TheBaseline)[0].Seconds = 24 },
		func(r results) { r.runs("s3", Restic)[0].Seconds = 7 },
		func(r results) { r.runs("nowhere", OneCore)[0].Seconds = 7 },
		func(r results) { r.runs("limits", Mailhaul)[0].Throttled = 11 },
		func(r results) { r.runs("huge", Mailhaul)[0].Peak++ },
		func(r results) { r.runs("mailboxes16", Mailhaul)[0].Peak++ },
		func(r results) { r.runs("items1m", Mailhaul)[0].Peak++ },
		func(r results) { r.runs("nowhere", Mailhaul)[1].Stored += 2 << 20 },
		func(r results) { r.runs("nightly", NoChange)[0].System = 0.1 },
		func(r results) { s, _ := r.of("nightly"); s.PackReads = 4 },
	}
	if len(worse) != len(goals) {
		t.Fatalf("%d rows are tried of %d", len(worse), len(goals))
	}
	for i, change := range worse {
		all := reached()
		change(all)
		var missed []string
		for _, row := range table(all, nil) {
			if row.Outcome != Pass {
				missed = append(missed, row.What)
			}
		}
		if diff := cmp.Diff([]string{goals[i].what}, missed); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestTableFails: a row whose scenario or contender failed tells so, and none else does.
func TestTableFails(t *testing.T) {
	for name, c := range map[string]struct {
		failed Failure
		want   map[string]string // what rows measured, by what they are about
	}{
		"contender": {Failure{Scenario: "s3", Contender: Restic}, map[string]string{goals[3].what: "restic failed in scenario s3"}},
		"stages":    {Failure{Scenario: "nowhere", Contender: theStages}, map[string]string{goals[0].what: "stages failed in scenario nowhere", goals[9].what: "stages failed in scenario nowhere"}},
		"scenario":  {Failure{Scenario: "items1m"}, map[string]string{goals[8].what: "scenario items1m failed"}},
		"other":     {Failure{Scenario: "small", Contender: TheBaseline}, map[string]string{}},
	} {
		got := map[string]string{}
		for _, row := range table(nil, []Failure{c.failed}) {
			if row.Outcome == Failed {
				got[row.What] = row.Measured
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, row := range table(reached(), []Failure{{Scenario: "nowhere", Contender: OneOfAll}}) {
		if row.Outcome != Pass {
			t.Errorf("a row that needs it not: %+v", row)
		}
	}
}

// TestTwoCores: what one core gives when the simulated Graph has the other is told, and decides nothing.
func TestTwoCores(t *testing.T) {
	all := reached()
	slow := runOf(7, 8, 0)
	nowhere, _ := results(all).of("nowhere")
	nowhere.Contenders = append(nowhere.Contenders, contender(OneOfAll, []Run{slow, slow}))
	f, ok := twoCores(all)
	if !ok || !f.pass || f.words != "1.90 ×: 183 against 97 MB/s; 1.80 × between the fastest runs; 1.28 × if the simulated Graph keeps the other core" {
		t.Errorf("%+v", f)
	}
}

// TestJoined: what processes took is added up, stage by stage, and what only one measured is its own.
func TestJoined(t *testing.T) {
	report := func(runs ...StageRun) *StageReport { return &StageReport{Items: 3, Bytes: 9, Stream: 5, Stages: runs} }
	got := joined([]*StageReport{
		report(StageRun{Name: "read", CPU: 1, Bytes: 9}, StageRun{Name: "compress", Variant: ours, CPU: 2, Bytes: 9, Out: 5}, StageRun{Name: "compress", Variant: "better", CPU: 8, Bytes: 9}),
		report(StageRun{Name: "read", CPU: 3, Bytes: 9}, StageRun{Name: "compress", Variant: ours, CPU: 5, Bytes: 9, Out: 5}),
	})
	want := report(StageRun{Name: "read", CPU: 4, Bytes: 18}, StageRun{Name: "compress", Variant: ours, CPU: 7, Bytes: 18, Out: 10}, StageRun{Name: "compress", Variant: "better", CPU: 8, Bytes: 9})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestRatio: there is none unless each repetition has both, nor where nothing is divided by nothing.
func TestRatio(t *testing.T) {
	seconds := func(r *Run) float64 { return r.Seconds }
	three, two := []Run{{Seconds: 1}, {Seconds: 2}, {Seconds: 6}}, []Run{{Seconds: 8}, {Seconds: 4}}
	if ratio, ok := Ratio(three, append(two, Run{Seconds: 15}), seconds); !ok || ratio != 0.4 {
		t.Errorf("the ratio is %g, %t", ratio, ok)
	}
	for name, ok := range map[string]func() bool{
		"no runs":    func() bool { _, ok := Ratio(nil, nil, seconds); return ok },
		"a run less": func() bool { _, ok := Ratio(three, two, seconds); return ok },
		"no seconds": func() bool { _, ok := Ratio([]Run{{}}, []Run{{}}, seconds); return ok },
		"by zero":    func() bool { _, ok := Ratio(two[:1], []Run{{}}, seconds); return ok },
	} {
		if ok() {
			t.Errorf("%s: there is a ratio", name)
		}
	}
}

func TestSpread(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		want   Spread
	}{
		"none": {nil, Spread{}},
		"one":  {[]float64{3}, Spread{3, 3, 3}},
		"even": {[]float64{4, 1, 2, 9}, Spread{3, 1, 9}},
		"odd":  {[]float64{7, 1, 2}, Spread{2, 1, 7}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
