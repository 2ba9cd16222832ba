package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A grid is a table of text.
type grid struct {
	title string
	head  []string
	right []bool // columns that are aligned to the right
	rows  [][]string
}

func newGrid(title string, words []string, numbers ...string) *grid {
	g := &grid{title: title, head: append(slices.Clip(words), numbers...)}
	for i := range g.head {
		g.right = append(g.right, i >= len(words))
	}
	return g
}

func (g *grid) add(cells ...string) {
	for i := range cells {
		cells[i] = plain(cells[i])
	}
	g.rows = append(g.rows, cells)
}

// grids returns all tables of a report, those that readers look for first.
func grids(r *report.Report) []*grid {
	var all []*grid
	add := func(g *grid) {
		if len(g.rows) > 0 {
			all = append(all, g)
		}
	}
	add(goals(r.Goals))
	add(failures(r.Failed))
	if r.Tenant != nil {
		add(tenantGrid(r))
		add(estimateGrid(r.Tenant.Estimate))
	}
	for i := range r.Scenarios {
		for _, g := range scenarioGrids(&r.Scenarios[i], r.Tenant != nil) {
			add(g)
		}
	}
	return all
}

// scenarioGrids returns the tables of a scenario. tenant says that it is the only one of a tenant,
// whose findings are in another table.
func scenarioGrids(s *report.Result, tenant bool) []*grid {
	stages := stageTimes(s)
	all := []*grid{contenders(s)}
	if !tenant {
		all = append(all, facts(s))
	}
	all = append(all, costs(s), timesGrid(s, stages), latencies(s, stages))
	for i := range s.Curves {
		all = append(all, curveGrid(s, &s.Curves[i]))
	}
	return all
}

func goals(all []report.Goal) *grid {
	g := newGrid("Goals", []string{"goal", "target", "measured", "outcome"})
	for _, goal := range all {
		g.add(goal.Name, goal.Target, goal.Measured, string(goal.Outcome))
	}
	return g
}

func failures(all []report.Failure) *grid {
	g := newGrid("Failures", []string{"what", "reason"})
	for _, f := range all {
		what := f.Scenario
		if f.Contender != "" {
			what += ": " + f.Contender
		}
		g.add(what, f.Error)
	}
	return g
}

// heading names a scenario and its workload.
func heading(s *report.Result) string {
	title := s.Scenario
	if s.What != "" {
		title += ": " + s.What
	}
	if s.Workload.Items > 0 {
		title += fmt.Sprintf("; %s items, %s", count(s.Workload.Items), size(float64(s.Workload.Bytes)))
	}
	return plain(title)
}

func contenders(s *report.Result) *grid {
	g := newGrid(heading(s), []string{"contender"}, "MB/s", "CPU s/GB", "CPU s", "peak MiB", "runs")
	for i := range s.Contenders {
		c := &s.Contenders[i]
		spent := c.CPUSeconds()
		speed, cost, total := spread(c.Rate, mb), spread(c.CPU, 1), number(spent.Median) // its range is in cost
		if !exported(c) {
			speed, cost, total = none, none, spread(spent, 1)
		}
		g.add(c.Name, speed, cost, total, spread(c.Peak, mib), count(int64(len(c.Runs))))
	}
	if s.Ceiling > 0 {
		g.add("what the limits allow", number(s.Ceiling/mb), "", "", "", "")
	}
	return g
}

// exported reports whether a contender exported bytes: otherwise it has no rate.
func exported(c *report.Contender) bool {
	return slices.ContainsFunc(c.Runs, func(r report.Run) bool { return r.Bytes != 0 })
}

func costs(s *report.Result) *grid {
	g := newGrid(plain(s.Scenario)+": cost of each stage alone on one core", []string{"stage", "in the floor"}, "CPU s/GB", "ratio")
	for _, c := range s.Stages {
		in, ratio := "", ""
		if c.Floor {
			in = "yes"
		}
		if c.Ratio > 0 {
			ratio = number(c.Ratio)
		}
		g.add(strings.TrimSuffix(c.Name+", "+c.Variant, ", "), in, spread(c.CPU, 1), ratio)
	}
	if s.Floor != nil {
		g.add("floor", "", spread(*s.Floor, 1), "")
	}
	if s.Efficiency != nil {
		g.add("efficiency", "", spread(*s.Efficiency, 1), "")
	}
	return g
}
