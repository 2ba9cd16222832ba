package render

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// stageTimes adds up the stages of all mailboxes in mailhaul's first run.
func stageTimes(s *report.Result) []pipeline.Stage {
	run := firstRun(s)
	if run == nil {
		return nil
	}
	var stages []pipeline.Stage
	for _, r := range run.Reports {
		if r == nil {
			continue
		}
		for _, st := range r.Stages {
			i := slices.IndexFunc(stages, func(have pipeline.Stage) bool { return have.Name == st.Name })
			if i < 0 {
				stages = append(stages, st)
				continue
			}
			sum(&stages[i], &st)
		}
	}
	return stages
}

// sum adds a stage of another mailbox. Percentiles do not add up: the slowest are kept.
func sum(to, from *pipeline.Stage) {
	to.Busy, to.Waiting, to.Throttled = to.Busy+from.Busy, to.Waiting+from.Waiting, to.Throttled+from.Throttled
	to.Starved, to.Blocked = to.Starved+from.Starved, to.Blocked+from.Blocked
	to.Count, to.Bytes, to.Workers = to.Count+from.Count, to.Bytes+from.Bytes, to.Workers+from.Workers
	if l := from.Latency; l != nil && (to.Latency == nil || l.P99 > to.Latency.P99) {
		to.Latency = l
	}
	if l := from.FirstByte; l != nil && (to.FirstByte == nil || l.P99 > to.FirstByte.P99) {
		to.FirstByte = l
	}
}

// firstRun returns the first run of the first contender, which is mailhaul; nil if there is none.
func firstRun(s *report.Result) *report.Run {
	if len(s.Contenders) == 0 || len(s.Contenders[0].Runs) == 0 {
		return nil
	}
	return &s.Contenders[0].Runs[0]
}

// digest is the stage whose work exporters do: it has no workers of its own.
const digest = "digest"

func timesGrid(s *report.Result, stages []pipeline.Stage) *grid {
	g := newGrid(plain(s.Scenario)+": time of mailhaul's stages", []string{"stage"}, "workers", "computing", "waiting", "throttled", "starved", "blocked", "units")
	for i := range stages {
		st := &stages[i]
		if st.Name != digest && parts(st).total() > 0 {
			share := func(part float64) string { return percent(st.Share(part)) }
			g.add(st.Name, count(int64(st.Workers)), share(st.Busy-st.Waiting), share(st.Waiting), share(st.Throttled), share(st.Starved), share(st.Blocked), count(st.Count))
		}
	}
	return g
}

func latencies(s *report.Result, stages []pipeline.Stage) *grid {
	g := newGrid(plain(s.Scenario)+": latency of requests", []string{"request"}, "50 %", "90 %", "99 %", "longest")
	for _, l := range requests(stages) {
		g.add(l.name, seconds(l.P50), seconds(l.P90), seconds(l.P99), seconds(l.Max))
	}
	return g
}

// A latency has the name of a kind of request.
type latency struct {
	name string
	pipeline.Latency
}

func requests(stages []pipeline.Stage) []latency {
	var all []latency
	for _, s := range stages {
		if s.FirstByte != nil {
			all = append(all, latency{s.Name + ", first byte", *s.FirstByte})
		}
		if s.Latency != nil {
			all = append(all, latency{s.Name, *s.Latency})
		}
	}
	return all
}

// activities are what the workers of a stage do, in the order of drawing.
var activities = []struct {
	class, name string
	of          func(*pipeline.Stage) float64
}{
	{"c1", "computing", func(s *pipeline.Stage) float64 { return s.Busy - s.Waiting }},
	{"c4", "waiting for an answer", func(s *pipeline.Stage) float64 { return s.Waiting }},
	{"c2", "throttled", func(s *pipeline.Stage) float64 { return s.Throttled }},
	{"c3", "blocked: the next stage is full", func(s *pipeline.Stage) float64 { return s.Blocked }},
	{"idle", "starved: no input", func(s *pipeline.Stage) float64 { return s.Starved }},
}

// parts returns the time of a stage as a bar of percentages; empty if it took none.
func parts(s *pipeline.Stage) *bar {
	b := &bar{name: s.Name}
	for _, d := range activities {
		b.parts = append(b.parts, part{d.class, d.name, 100 * s.Share(d.of(s))})
	}
	return b
}

// times shows the time of each stage by activity.
func times(s *report.Result, stages []pipeline.Stage) figure {
	p := bars{axis: "% of the workers' time", most: 100}
	for i := range stages {
		if stages[i].Name != digest {
			p.add(*parts(&stages[i]))
		}
	}
	if len(p.all) == 0 {
		return figure{}
	}
	title, note := "Time of mailhaul's stages", "In the order of the data's path."
	if run := firstRun(s); len(run.Reports) == 1 && run.Reports[0].Bottleneck != "" {
		title = "The bottleneck is " + bottleneckWords(run.Reports[0].Bottleneck)
	}
	return p.draw(title).titled(title, note)
}

// bottleneckWords describes a bottleneck.
func bottleneckWords(bottleneck string) string {
	switch bottleneck {
	case "cpu":
		return "the CPU: all cores are busy"
	case "graph":
		return "Graph: workers wait for answers"
	case "throttling":
		return "Graph's throttling"
	}
	return "the stage " + bottleneck
}

func requestTimes(stages []pipeline.Stage) figure {
	all := requests(stages)
	if len(all) == 0 {
		return figure{}
	}
	slowest := slices.MaxFunc(all, func(a, b latency) int { return cmp.Compare(a.P99, b.P99) })
	title := fmt.Sprintf("1 %% of the requests of %s take %s or more", slowest.name, seconds(slowest.P99))
	return percentiles(all, title).titled(title, "")
}
