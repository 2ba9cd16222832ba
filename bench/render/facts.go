package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// facts are the single figures and words that a scenario found.
func facts(s *report.Result) *grid {
	g := newGrid(plain(s.Scenario)+": findings", []string{"what", "found"})
	if b := bottlenecks(firstRun(s)); b != "" {
		g.add("bottleneck", b)
	}
	if s.PackReads > 0 {
		g.add("reads of packs to extract one item", count(s.PackReads))
	}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		if f := failedOf(c.Runs); f != "" {
			g.add("failed, "+c.Name, f)
		}
	}
	return g
}

// bottlenecks returns the bottleneck of a run in words. If mailboxes differ, it returns all
// bottlenecks and the number of mailboxes of each.
func bottlenecks(run *report.Run) string {
	if run == nil {
		return ""
	}
	var names []string
	mailboxesOf := map[string]int{}
	for _, r := range run.Reports {
		if r == nil || r.Bottleneck == "" {
			continue
		}
		if mailboxesOf[r.Bottleneck]++; mailboxesOf[r.Bottleneck] == 1 {
			names = append(names, r.Bottleneck)
		}
	}
	if len(names) == 1 {
		return bottleneckWords(names[0])
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(mailboxesOf[b], mailboxesOf[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", bottleneckWords(name), mailboxes(mailboxesOf[name]))
	}
	return strings.Join(names, "; ")
}

// failedOf returns the number of failed items in the worst run, and the first reason; empty if none
// failed.
func failedOf(runs []report.Run) string {
	most, first := int64(0), ""
	for i := range runs {
		if n, reason := failedIn(runs[i].Reports); n > most {
			most, first = n, reason
		}
	}
	if most == 0 {
		return ""
	}
	return several(most, "item") + ": " + orNone(first)
}

// failedIn counts failed items. first is the reason of the first one.
func failedIn(reports []*pipeline.Report) (n int64, first string) {
	for _, r := range reports {
		if r == nil {
			continue
		}
		n += max(r.Failed, int64(len(r.Failures)))
		if first == "" && len(r.Failures) > 0 {
			f := &r.Failures[0]
			first = strings.Trim(f.Code+": "+f.Message, ": ")
		}
	}
	return n, first
}

// curveGrid returns the points of a curve as a table.
func curveGrid(s *report.Result, c *report.Curve) *grid {
	g := newGrid(plain(s.Scenario+": "+c.Y+" by "+c.Name), []string{plain(c.X)}, plain(c.Y))
	for _, p := range c.Points {
		x := p.Label
		if x == "" && finite(p.X) {
			x = tick(p.X)
		}
		g.add(orNone(x), spread(p.Y, 1))
	}
	return g
}
