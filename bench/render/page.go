package render

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/mailhaul/mailhaul/bench/report"
)

//go:embed page.html
var pageSource string

var pageTemplate = template.Must(template.New("page").Parse(pageSource))

// A page is the data of the template.
type page struct {
	Title     string
	When      string
	Headlines []headline
	Goals     []row
	Failed    *tables // nil if nothing failed
	Sections  []section
	Tenant    *tables // of a tenant
	Advice    []string
	Assumed   []string
	About     [][2]string
}

// A row is the row of a goal.
type row struct{ Name, Target, Measured, Class, Mark, Outcome string }

// A section shows a scenario.
type section struct {
	What  string
	Plots []figure
	tables
}

type tables struct{ Tables []table }

// A table is a grid for the template.
type table struct {
	Title string
	Head  []cell
	Rows  [][]cell
}

type cell struct {
	Text  string
	Right bool
}

// HTML writes a report as one page.
func HTML(w io.Writer, r *report.Report) error {
	p := page{Title: title(r), When: day(r.Started), Headlines: headlines(r), Goals: goalRows(r.Goals), About: about(r)}
	if len(r.Failed) > 0 {
		p.Failed = tablesOf(failures(r.Failed))
	}
	for i := range r.Scenarios {
		p.Sections = append(p.Sections, sectionOf(&r.Scenarios[i], r.Tenant != nil))
	}
	if t := r.Tenant; t != nil {
		p.Tenant = tablesOf(tenantGrid(r), estimateGrid(t.Estimate))
		for _, s := range t.Advice {
			p.Advice = append(p.Advice, plain(s))
		}
		if t.Estimate != nil {
			p.Assumed = t.Estimate.Assumptions
		}
	}
	return pageTemplate.Execute(w, p)
}

func goalRows(all []report.Goal) []row {
	var shown []row
	for _, r := range all {
		s := row{plain(r.Name), plain(r.Target), plain(r.Measured), "out", "–", plain(string(r.Outcome))}
		switch r.Outcome {
		case report.Pass:
			s.Class, s.Mark = "pass", "✓"
		case report.Miss, report.Failed:
			s.Class, s.Mark = "miss", "✗"
		}
		shown = append(shown, s)
	}
	return shown
}

func sectionOf(s *report.Result, tenant bool) section {
	shown := section{What: heading(s), Plots: plots(s, tenant)}
	grids := scenarioGrids(s, tenant)
	if tenant {
		grids = grids[1:] // the figures of its one contender are above
	}
	shown.tables = *tablesOf(grids...)
	return shown
}

func tablesOf(grids ...*grid) *tables {
	t := &tables{}
	for _, g := range grids {
		if len(g.rows) > 0 {
			t.Tables = append(t.Tables, g.table())
		}
	}
	return t
}

func (g *grid) table() table {
	cells := func(texts []string) []cell {
		var all []cell
		for i, s := range texts {
			all = append(all, cell{s, g.right[i]})
		}
		return all
	}
	t := table{Title: g.title, Head: cells(g.head)}
	for _, r := range g.rows {
		t.Rows = append(t.Rows, cells(r))
	}
	return t
}
