package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
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

// about returns when and where the report was made, as pairs of a name and a text.
func about(r *report.Report) [][2]string {
	m := &r.Machine
	machine := fmt.Sprintf("%s/%s, %d cores", m.OS, m.Arch, m.Cores)
	if m.CPU != "" {
		machine += ", " + m.CPU
	}
	if m.Memory > 0 {
		machine += fmt.Sprintf(", %.0f GiB", float64(m.Memory)/(1<<30))
	}
	var versions []string
	for _, name := range slices.Sorted(maps.Keys(r.Versions)) {
		v := strings.TrimPrefix(strings.TrimPrefix(r.Versions[name], name+" "), name)
		versions = append(versions, strings.TrimSpace(name+" "+v))
	}
	when := day(r.Started) + ", took " + seconds(r.Seconds)
	if r.Seed > 0 {
		when += fmt.Sprintf(", seed %d", r.Seed)
	}
	pairs := [][2]string{{"measured", when}, {"machine", plain(machine)}}
	if len(versions) > 0 {
		pairs = append(pairs, [2]string{"versions", plain(strings.Join(versions, "; "))})
	}
	if r.Command != "" {
		pairs = append(pairs, [2]string{"command", plain(r.Command)})
	}
	return pairs
}
