package lab

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/bench/report"
)

func newRun(seconds, cpu float64, peak int64) report.Run {
	return report.Run{Items: 1, Bytes: 1e9, Stored: 5e8, Seconds: seconds, User: cpu, Peak: peak, Requests: 1000}
}

// passing returns results that reach all goals.
func passing() []report.Result {
	result := func(scenario string, contenders ...report.Contender) report.Result {
		return report.Result{Scenario: scenario, Contenders: contenders}
	}
	of := func(name string, runs ...report.Run) report.Contender { return report.NewContender(name, runs) }
	const mailhaul = report.Mailhaul

	nowhere := result("nowhere", of(mailhaul, newRun(5, 8, 0), newRun(6, 8, 0)), of(oneCore, newRun(9, 8, 0), newRun(12, 8, 0)))
	nowhere.Floor, nowhere.Efficiency, nowhere.Stream = &report.Spread{Median: 6.4}, &report.Spread{Median: 0.8}, 454_545_455
	limits := result("limits", of(mailhaul, newRun(100, 8, 0)))
	limits.Ceiling = 1.05e7
	nightly := result("nightly", of(mailhaul, newRun(9, 9, 0)), of(noChange, newRun(1, 1, 0)))
	nightly.PackReads = 3
	return []report.Result{
		nowhere, limits, nightly,
		result("s3", of(mailhaul, newRun(5, 8, 0)), of(report.Baseline, newRun(25, 24, 0)), of(resticName, newRun(7.5, 20, 0))),
		result("huge", of(mailhaul, newRun(5, 8, 256<<20))),
		result("mailboxes16", of(mailhaul, newRun(5, 8, 1<<30))),
		result("items10k", of(mailhaul, newRun(1, 1, 100<<20))),
		result("items1m", of(mailhaul, newRun(90, 90, 164<<20))),
	}
}

func TestGoals(t *testing.T) {
	for i, g := range compareWithGoals(nil, nil) {
		if g.Outcome != report.LeftOut || g.Name != goals[i].name {
			t.Errorf("without results: %+v", g)
		}
	}
	for _, g := range compareWithGoals(passing(), nil) {
		if g.Outcome != report.Pass || g.Measured == "" || g.Value == 0 {
			t.Errorf("%+v", g)
		}
	}
}

// TestGoalsMissed makes one figure a little worse for each goal: it must miss, and no other.
func TestGoalsMissed(t *testing.T) {
	const mailhaul = report.Mailhaul
	worse := []func(results){
		func(r results) { r.scenario("nowhere").Efficiency.Median = 0.79 },
		func(r results) { r.runs("s3", mailhaul)[0].User = 8.1 },
		func(r results) { r.runs("s3", report.Baseline)[0].Seconds = 24 },
		func(r results) { r.runs("s3", resticName)[0].Seconds = 7 },
		func(r results) { r.runs("nowhere", oneCore)[0].Seconds = 7 },
		func(r results) { r.runs("limits", mailhaul)[0].Throttled = 11 },
		func(r results) { r.runs("huge", mailhaul)[0].Peak++ },
		func(r results) { r.runs("mailboxes16", mailhaul)[0].Peak++ },
		func(r results) { r.runs("items1m", mailhaul)[0].Peak++ },
		func(r results) { r.runs("nowhere", mailhaul)[1].Stored += 2 << 20 },
		func(r results) { r.runs("nightly", noChange)[0].System = 0.1 },
		func(r results) { r.scenario("nightly").PackReads = 4 },
	}
	if len(worse) != len(goals) {
		t.Fatalf("%d of %d goals are tested", len(worse), len(goals))
	}
	for i, change := range worse {
		all := passing()
		change(all)
		var missed []string
		for _, g := range compareWithGoals(all, nil) {
			if g.Outcome != report.Pass {
				missed = append(missed, g.Name)
			}
		}
		if diff := cmp.Diff([]string{goals[i].name}, missed); diff != "" {
			t.Errorf("goal %d (-want +got):\n%s", i, diff)
		}
	}
}

// TestGoalsFailed checks which goals a failure affects.
func TestGoalsFailed(t *testing.T) {
	for name, c := range map[string]struct {
		failed report.Failure
		want   map[string]string // reasons by goal
	}{
		"contender": {report.Failure{Scenario: "s3", Contender: resticName}, map[string]string{goals[3].name: "restic failed in scenario s3"}},
		"stages":    {report.Failure{Scenario: "nowhere", Contender: stagesName}, map[string]string{goals[0].name: "stages failed in scenario nowhere", goals[9].name: "stages failed in scenario nowhere"}},
		"scenario":  {report.Failure{Scenario: "items1m"}, map[string]string{goals[8].name: "scenario items1m failed"}},
		"other":     {report.Failure{Scenario: "small", Contender: report.Baseline}, map[string]string{}},
	} {
		got := map[string]string{}
		for _, g := range compareWithGoals(nil, []report.Failure{c.failed}) {
			if g.Outcome == report.Failed {
				got[g.Name] = g.Measured
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, g := range compareWithGoals(passing(), []report.Failure{{Scenario: "nowhere", Contender: oneProc}}) {
		if g.Outcome != report.Pass {
			t.Errorf("a goal that does not need the failed contender: %+v", g)
		}
	}
}

// TestTwoCores checks the words of the goal. A slow run on one core beside the simulated Graph does
// not decide it.
func TestTwoCores(t *testing.T) {
	all := passing()
	slow := newRun(7, 8, 0)
	nowhere := results(all).scenario("nowhere")
	nowhere.Contenders = append(nowhere.Contenders, report.NewContender(oneProc, []report.Run{slow, slow}))
	f, ok := twoCores(all)
	if !ok || !f.pass || f.words != "1.90 ×: 183 against 97 MB/s; 1.80 × between the fastest runs; 1.28 × if the simulated Graph has the other core" {
		t.Errorf("%+v", f)
	}
}
