package render_test

import (
	"math"
	"time"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

func one(v float64) report.Spread { return report.Spread{Median: v, Min: v * 0.9, Max: v * 1.1} }

// sample returns a report that has everything. All its names end with a given name.
func sample(name string) *report.Report {
	floor, efficiency := one(6.4), one(0.81)
	return &report.Report{
		Started: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC), Seconds: 61, Command: "mailhaul bench " + name, Seed: 7,
		Machine:  report.Machine{OS: "linux", Arch: "amd64", CPU: "cpu " + name, Cores: 2, Memory: 8 << 30},
		Versions: map[string]string{"go": "go1.26", "mailhaul": "version " + name},
		Scenarios: []report.Result{{
			Scenario: "scenario " + name, What: "what " + name, Store: "s3",
			Workload:   report.Workload{Mailboxes: 1, Items: 1234, Bytes: 5e8},
			Contenders: []report.Contender{sampleContender(report.Mailhaul), sampleContender("contender " + name)},
			Stages: []report.StageCost{
				{Name: "decode", Variant: "variant " + name, CPU: one(1.5), Floor: true},
				{Name: "compress " + name, CPU: one(4.5), Floor: true, Ratio: 0.6}, {Name: "slow", CPU: one(9)},
			},
			Floor: &floor, Efficiency: &efficiency, Ceiling: 9e7, Stream: 3e8, PackReads: 2,
			Curves: []report.Curve{
				{Name: "curve " + name, X: "requests in flight", Y: "MB/s", Points: []report.Point{{X: 1, Y: one(30)}, {X: 4, Y: one(90)}}},
				{Name: "level", X: "level", Y: "MB/s", Points: []report.Point{{Label: "label " + name, Y: one(200)}, {Label: "better", Y: one(50)}}},
			},
		}},
		Failed: []report.Failure{{Scenario: "failing " + name, Contender: "broken " + name, Error: "error " + name}, {Scenario: "whole", Error: "no store"}},
		Goals: []report.Goal{
			{Name: "row " + name, Target: "reach " + name, Measured: "measured " + name, Value: 1, Outcome: report.Pass},
			{Name: "second row", Target: "≥ 2", Measured: "1", Value: 1, Outcome: report.Miss},
			{Name: "third row", Target: "≥ 3", Measured: "not measured", Outcome: report.LeftOut},
			{Name: "fourth row", Target: "≥ 4", Measured: "not measured", Outcome: report.Failed},
		},
		Tenant: &report.Tenant{
			Mailbox: "mailbox " + name, User: "user " + name, Store: "s3://place/" + name, Requested: 60, Ended: report.EndedInTime,
			Throttled: 3, Budget: pipeline.Budget{Used: 100, Allowed: 10_000}, Bottleneck: "graph",
			Advice: []string{"advice " + name}, Leftovers: &report.Leftovers{Prefix: "prefix", Objects: 2, Bytes: 10, Error: "left " + name},
			Estimate: &report.Estimate{
				Mailboxes: 1000, Bytes: 1e10, Machines: 2, Rate: 8e6, Parallel: 12, ParallelLimit: "cpu",
				Seconds: 1e5, Longest: 1250, CPU: 6.4e4, Stored: 6e12, Assumptions: []string{"assumption " + name},
			},
		},
	}
}

func sampleContender(name string) report.Contender {
	run := report.Run{
		Items: 1234, Bytes: 5e8, Stored: 3e8, Seconds: 10, User: 3, System: 0.5, Peak: 200 << 20, Requests: 80,
		Reports: []*pipeline.Report{sampleExport()},
	}
	for i := range 50 {
		run.Samples = append(run.Samples, report.Sample{Seconds: float64(i) / 5, Memory: int64(i) << 22, Items: int64(i * 25), Bytes: int64(i) * 1e7})
	}
	return report.Contender{Name: name, Runs: []report.Run{run}, Rate: one(5e7), CPU: one(7.9), Peak: one(200 << 20)}
}

func sampleExport() *pipeline.Report {
	r := &pipeline.Report{Seconds: 10, Bottleneck: "graph"}
	for _, name := range []string{"enumerate", "export", "digest", "compress", "pack", "upload", "record"} {
		r.Stages = append(r.Stages, pipeline.Stage{
			Name: name, Workers: 2, Busy: 10, Waiting: 5, Throttled: 1, Starved: 6, Blocked: 3, Count: 100,
			Latency: &pipeline.Latency{P50: 0.08, P90: 0.2, P99: 1.1, Max: 3},
		})
	}
	return r
}

// incompleteReports lack parts, or have figures that are not finite.
func incompleteReports() map[string]*report.Report {
	nan, inf := math.NaN(), math.Inf(1)
	notFinite := sample("not finite")
	s := &notFinite.Scenarios[0]
	for i := range s.Contenders {
		c := &s.Contenders[i]
		c.Rate, c.CPU, c.Peak = report.Spread{Median: nan, Min: inf, Max: -inf}, report.Spread{Median: inf}, report.Spread{Median: -1, Min: nan}
		c.Runs[0].Samples[3] = report.Sample{Seconds: nan, Memory: -5, Bytes: math.MaxInt64}
		c.Runs[0].Reports = append(c.Runs[0].Reports, nil)
		c.Runs[0].Reports[0].Stages[0] = pipeline.Stage{Name: "nan", Busy: nan, Starved: inf, Latency: &pipeline.Latency{P50: nan}}
	}
	s.Floor, s.Efficiency, s.Ceiling = &report.Spread{Median: nan}, &report.Spread{Median: inf}, inf
	s.Stages[0].CPU = report.Spread{Median: nan, Min: nan, Max: nan}
	s.Curves[0].Points = []report.Point{{X: nan, Y: one(1)}, {X: 1, Y: one(0)}, {X: inf, Y: one(inf)}}
	notFinite.Tenant.Estimate.Seconds = inf
	return map[string]*report.Report{
		"nothing":            {},
		"only failures":      {Failed: []report.Failure{{}, {Error: "line\nbreak"}}},
		"an empty scenario":  {Scenarios: []report.Result{{}}},
		"an empty contender": {Scenarios: []report.Result{{Scenario: "x", Contenders: []report.Contender{{}}}}},
		"an empty run":       {Scenarios: []report.Result{{Contenders: []report.Contender{{Runs: []report.Run{{}}}}}}, Tenant: &report.Tenant{Estimate: &report.Estimate{}}},
		"an empty tenant":    {Tenant: &report.Tenant{}},
		"one point": {Scenarios: []report.Result{{
			Contenders: []report.Contender{{Name: "x", Runs: []report.Run{{Samples: []report.Sample{{Seconds: 1, Memory: 1}}}}}},
			Curves:     []report.Curve{{Name: "c", Points: []report.Point{{X: 3, Y: one(5)}}}, {Name: "none"}, {Name: "zero", Points: []report.Point{{}}}},
		}}},
		"not finite": notFinite,
		"a mailbox without a report": {Scenarios: []report.Result{{Contenders: []report.Contender{{Runs: []report.Run{{
			Reports: []*pipeline.Report{nil, sampleExport()}, Seconds: 1,
		}}}}}}},
	}
}
