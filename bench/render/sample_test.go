package render_test

import (
	"math"
	"time"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/pipeline"
)

func one(v float64) bench.Spread { return bench.Spread{Median: v, Min: v * 0.9, Max: v * 1.1} }

// sample is a report that has everything, and whose names are a given one with something before it.
func sample(name string) *bench.Report {
	floor, efficiency := one(6.4), one(0.81)
	return &bench.Report{
		Started: time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC), Seconds: 61, Command: "mailhaul bench " + name, Seed: 7,
		Machine:  bench.Machine{OS: "linux", Arch: "amd64", CPU: "cpu " + name, Cores: 2, Memory: 8 << 30},
		Versions: map[string]string{"go": "go1.26", "mailhaul": "version " + name},
		Scenarios: []bench.Result{{
			Scenario: "scenario " + name, What: "what " + name, Store: bench.StoreS3,
			Workload:   bench.Workload{Mailboxes: 1, Items: 1234, Bytes: 5e8},
			Contenders: []bench.Contender{sampleContender(bench.Mailhaul), sampleContender("contender " + name)},
			Stages: []bench.StageCost{
				{Name: "decode", Variant: "variant " + name, CPU: one(1.5), Floor: true},
				{Name: "compress " + name, CPU: one(4.5), Floor: true, Ratio: 0.6}, {Name: "slow", CPU: one(9)},
			},
			Floor: &floor, Efficiency: &efficiency, Ceiling: 9e7, Stream: 3e8, PackReads: 2,
			Curves: []bench.Curve{
				{Name: "curve " + name, X: "requests in flight", Y: "MB/s", Points: []bench.Point{{X: 1, Y: one(30)}, {X: 4, Y: one(90)}}},
				{Name: "level", X: "level", Y: "MB/s", Points: []bench.Point{{Label: "label " + name, Y: one(200)}, {Label: "better", Y: one(50)}}},
			},
		}},
		Failed: []bench.Failure{{Scenario: "failing " + name, Contender: "broken " + name, Error: "error " + name}, {Scenario: "whole", Error: "no store"}},
		Table: []bench.Row{
			{What: "row " + name, Reach: "reach " + name, Measured: "measured " + name, Value: 1, Outcome: bench.Pass},
			{What: "second row", Reach: "≥ 2", Measured: "1", Value: 1, Outcome: bench.Miss},
			{What: "third row", Reach: "≥ 3", Measured: "not measured", Outcome: bench.LeftOut},
			{What: "fourth row", Reach: "≥ 4", Measured: "not measured", Outcome: bench.Failed},
		},
		Tenant: &bench.Tenant{
			Mailbox: "mailbox " + name, User: "user " + name, Place: "s3://place/" + name, Wanted: 60, Ended: bench.EndedInTime,
			Throttled: 3, Budget: pipeline.Budget{Used: 100, Allowed: 10_000}, Bottleneck: "graph",
			Advice: []string{"advice " + name}, Left: &bench.Left{Prefix: "prefix", Objects: 2, Bytes: 10, Error: "left " + name},
			Estimate: &bench.Estimate{
				Mailboxes: 1000, Bytes: 1e10, Machines: 2, Rate: 8e6, Parallel: 12, Saturates: "cpu",
				Seconds: 1e5, Longest: 1250, CPU: 6.4e4, Stored: 6e12, Assumptions: []string{"assumption " + name},
			},
		},
	}
}

func sampleContender(name string) bench.Contender {
	run := bench.Run{
		Items: 1234, Bytes: 5e8, Stored: 3e8, Seconds: 10, User: 3, System: 0.5, Peak: 200 << 20, Requests: 80,
		Reports: []*pipeline.Report{sampleExport()},
	}
	for i := range 50 {
		run.Samples = append(run.Samples, bench.Sample{Seconds: float64(i) / 5, Memory: int64(i) << 22, Items: int64(i * 25), Bytes: int64(i) * 1e7})
	}
	return bench.Contender{Name: name, Runs: []bench.Run{run}, Rate: one(5e7), CPU: one(7.9), Peak: one(200 << 20)}
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

// oddReports have little in them, or figures that are none.
func oddReports() map[string]*bench.Report {
	nan, inf := math.NaN(), math.Inf(1)
	odd := sample("odd")
	s := &odd.Scenarios[0]
	for i := range s.Contenders {
		c := &s.Contenders[i]
		c.Rate, c.CPU, c.Peak = bench.Spread{Median: nan, Min: inf, Max: -inf}, bench.Spread{Median: inf}, bench.Spread{Median: -1, Min: nan}
		c.Runs[0].Samples[3] = bench.Sample{Seconds: nan, Memory: -5, Bytes: math.MaxInt64}
		c.Runs[0].Reports = append(c.Runs[0].Reports, nil)
		c.Runs[0].Reports[0].Stages[0] = pipeline.Stage{Name: "nan", Busy: nan, Starved: inf, Latency: &pipeline.Latency{P50: nan}}
	}
	s.Floor, s.Efficiency, s.Ceiling = &bench.Spread{Median: nan}, &bench.Spread{Median: inf}, inf
	s.Stages[0].CPU = bench.Spread{Median: nan, Min: nan, Max: nan}
	s.Curves[0].Points = []bench.Point{{X: nan, Y: one(1)}, {X: 1, Y: one(0)}, {X: inf, Y: one(inf)}}
	odd.Tenant.Estimate.Seconds = inf
	return map[string]*bench.Report{
		"nothing":            {},
		"only failures":      {Failed: []bench.Failure{{}, {Error: "line\nbreak"}}},
		"an empty scenario":  {Scenarios: []bench.Result{{}}},
		"an empty contender": {Scenarios: []bench.Result{{Scenario: "x", Contenders: []bench.Contender{{}}}}},
		"an empty run":       {Scenarios: []bench.Result{{Contenders: []bench.Contender{{Runs: []bench.Run{{}}}}}}, Tenant: &bench.Tenant{Estimate: &bench.Estimate{}}},
		"an empty tenant":    {Tenant: &bench.Tenant{}},
		"one point": {Scenarios: []bench.Result{{
			Contenders: []bench.Contender{{Name: "x", Runs: []bench.Run{{Samples: []bench.Sample{{Seconds: 1, Memory: 1}}}}}},
			Curves:     []bench.Curve{{Name: "c", Points: []bench.Point{{X: 3, Y: one(5)}}}, {Name: "none"}, {Name: "zero", Points: []bench.Point{{}}}},
		}}},
		"no numbers": odd,
		"a mailbox without a report": {Scenarios: []bench.Result{{Contenders: []bench.Contender{{Runs: []bench.Run{{
			Reports: []*pipeline.Report{nil, sampleExport()}, Seconds: 1,
		}}}}}}},
	}
}
