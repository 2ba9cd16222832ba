package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// facts are what a scenario found in single figures or words.
func facts(s *report.Result) *grid {
	g := newGrid(plain(s.Scenario)+": what was found", []string{"what", "found"})
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

// bottlenecks says in words what mailhaul was limited by: if mailboxes were by several things, by each in how many.
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
		return limit(names[0])
	}
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(mailboxesOf[b], mailboxesOf[a]) })
	for i, name := range names {
		names[i] = fmt.Sprintf("%s (%s)", limit(name), mailboxes(mailboxesOf[name]))
	}
	return strings.Join(names, "; ")
}

// failedOf tells of the items that failed in the run with the most of them; empty if none did.
func failedOf(runs []report.Run) string {
	most, first := int64(0), ""
	for i := range runs {
		if n, why := failedIn(runs[i].Reports); n > most {
			most, first = n, why
		}
	}
	if most == 0 {
		return ""
	}
	return several(most, "item") + ": " + orNone(first)
}

// failedIn counts the items that failed, and says why the first one did.
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

// curveGrid is a curve's points as a table.
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
