package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// plots returns the plots that a scenario has figures for. tenant says that it is the only one of a
// tenant.
func plots(s *report.Result, tenant bool) []figure {
	stages := stageTimes(s)
	progress := []figure{itemsSent(s)}
	if tenant {
		progress = []figure{bytesReceived(s), itemsStored(s)}
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
		if ratio, ok := report.Ratio(s.Contenders[0].Runs, s.Contenders[i].Runs, (*report.Run).Rate); ok {
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
