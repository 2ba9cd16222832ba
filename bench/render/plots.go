package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// plots returns the plots that a scenario has figures for. tenant says that it is the only one of a
// tenant.
func plots(s *report.Result, tenant bool) []figure {
	stages := stageTimes(s)
	progress := []figure{itemsSent(s)}
	if tenant {
		progress = []figure{arrived(s), stored(s)}
	}
	var all []figure
	for _, f := range append([]figure{rates(s), stack(s), times(s, stages), requestTimes(stages), memory(s)}, progress...) {
		if f.Image != "" {
			all = append(all, f)
		}
	}
	for i := range s.Curves {
		if f := curve(&s.Curves[i]); f.Image != "" {
			all = append(all, f)
		}
	}
	for i := range all {
		all[i].Title = upper(plain(all[i].Title))
	}
	return all
}

// titled returns the figure with a title and a note.
func (f figure) titled(title, note string) figure {
	f.Title, f.Note = title, note
	return f
}

// rates compares the throughput of the contenders.
func rates(s *report.Result) figure {
	p := bars{axis: "MB/s"}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		p.add(bar{
			name: c.Name, parts: []part{{color(min(i, 1) * 5), c.Name, c.Rate.Median / mb}},
			low: c.Rate.Min / mb, high: c.Rate.Max / mb, note: number(c.Rate.Median / mb),
		})
	}
	if s.Ceiling > 0 {
		p.add(bar{name: "what the limits allow", parts: []part{{"c5", "limits", s.Ceiling / mb}}, note: number(s.Ceiling / mb)})
	}
	if len(p.all) < 2 {
		return figure{}
	}
	title := "Throughput"
	i := slices.IndexFunc(s.Contenders, func(c report.Contender) bool { return c.Name == report.Baseline })
	if i > 0 {
		if ratio, ok := report.Ratio(s.Contenders[0].Runs, s.Contenders[i].Runs, rate); ok {
			title = fmt.Sprintf("%s has %s times the throughput of the baseline", s.Contenders[0].Name, number(ratio))
		}
	}
	return p.draw(title).titled(title, "Lines reach from the slowest to the fastest run.")
}

// stack compares the cost of the stages alone with that of each contender.
func stack(s *report.Result) figure {
	p, floor := bars{axis: "CPU seconds per GB"}, bar{name: "floor"}
	greatest, name := 0.0, ""
	for _, c := range s.Stages {
		if !c.Floor || !finite(c.CPU.Median) || c.CPU.Median <= 0 {
			continue
		}
		floor.parts = append(floor.parts, part{color(len(floor.parts)), c.Name, c.CPU.Median})
		if c.CPU.Median > greatest {
			greatest, name = c.CPU.Median, c.Name
		}
	}
	all := floor.total()
	if all == 0 {
		return figure{}
	}
	floor.note = number(all)
	p.add(floor)
	for i := range s.Contenders {
		c := &s.Contenders[i]
		p.add(bar{name: c.Name, parts: []part{{"plainbar", "total", c.CPU.Median}}, low: c.CPU.Min, high: c.CPU.Max, note: number(c.CPU.Median)})
	}
	title := fmt.Sprintf("%s is %s of the floor", name, percent(greatest/all))
	if s.Efficiency != nil && finite(s.Efficiency.Median) && s.Efficiency.Median > 0 {
		title = fmt.Sprintf("%s of mailhaul's CPU time is what its stages cost alone", percent(s.Efficiency.Median))
	}
	return p.draw(title).titled(title, "The floor is the sum of the stages, each measured alone on one core.")
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

// overTime draws a figure of the samples of each contender's first run. It leaves out samples whose
// figure is NaN, and contenders whose figure is never positive.
func overTime(s *report.Result, unit string, of func(*report.Sample) float64) lines {
	p := lines{x: "seconds", y: unit}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		if len(c.Runs) == 0 {
			continue
		}
		var dots []dot
		most := 0.0
		for k := range c.Runs[0].Samples {
			m := &c.Runs[0].Samples[k]
			y := of(m)
			if math.IsNaN(y) {
				continue
			}
			dots = append(dots, dot{x: m.Seconds, y: y})
			most = max(most, y)
		}
		if most > 0 {
			p.add(c.Name, dots)
		}
	}
	return p
}

func memory(s *report.Result) figure {
	p := overTime(s, "MiB", func(m *report.Sample) float64 {
		if m.Memory == 0 {
			return math.NaN() // unknown
		}
		return float64(m.Memory) / mib
	})
	if len(p.all) == 0 {
		return figure{}
	}
	title := "Memory"
	if first := s.Contenders[0]; first.Peak.Max > 0 {
		title = fmt.Sprintf("The peak memory of %s is %s MiB", first.Name, number(first.Peak.Max/mib))
	}
	return p.draw(title).titled(title, "Resident memory of the process in its first run.")
}

func arrived(s *report.Result) figure {
	p := overTime(s, "MB", func(m *report.Sample) float64 { return float64(m.Bytes) / mb })
	if len(p.all) == 0 {
		return figure{}
	}
	title := "Bytes from Graph"
	if run := firstRun(s); run != nil && run.Seconds > 0 {
		title = fmt.Sprintf("Graph sent %s MB/s", number(float64(run.Bytes)/run.Seconds/mb))
	}
	return p.draw(title).titled(title, "Decoded bytes. Nothing arrived where the line is flat.")
}

func stored(s *report.Result) figure {
	p := overTime(s, "items", items)
	if len(p.all) == 0 {
		return figure{}
	}
	title := "Stored items"
	if run := firstRun(s); run != nil && run.Items > 0 {
		title = count(run.Items) + " items were stored"
	}
	return p.draw(title).titled(title, "Items count when they are durable, a pack at a time.")
}

func itemsSent(s *report.Result) figure {
	p := overTime(s, "items", items)
	if len(p.all) == 0 {
		return figure{}
	}
	title := "Items from Graph"
	if run := firstRun(s); run != nil && run.Items > 0 {
		title = fmt.Sprintf("%s items in %s", count(run.Items), seconds(run.Seconds))
	}
	return p.draw(title).titled(title, "Items that the simulated Graph has sent, in each contender's first run.")
}

func items(m *report.Sample) float64 { return float64(m.Items) }

// curve draws a curve. The title says how far it rises.
func curve(c *report.Curve) figure {
	p := lines{x: c.X, y: c.Y, marks: true}
	var dots []dot
	for i, pt := range c.Points {
		d := dot{x: pt.X, y: pt.Y.Median, low: pt.Y.Min, high: pt.Y.Max}
		if pt.Label != "" {
			d.x, d.label = float64(i)+0.5, plain(pt.Label)
		}
		dots = append(dots, d)
	}
	p.add(c.Name, dots)
	if len(p.all) == 0 {
		return figure{}
	}
	d := p.all[0].points
	title := fmt.Sprintf("%s by %s", strings.TrimSuffix(c.Y, ", MB/s"), c.Name)
	if first, last := d[0], d[len(d)-1]; len(d) > 1 && first.label == "" && first.y > 0 && last.y > first.y {
		title = fmt.Sprintf("%s %s give %s times the throughput of %s", tick(last.x), c.X, number(last.y/first.y), tick(first.x))
	}
	return p.draw(title).titled(title, "")
}
