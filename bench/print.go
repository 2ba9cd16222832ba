package bench

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// A grid is a table of words: a head and rows.
type grid struct {
	head []string
	rows [][]string
}

func (g *grid) add(cells ...string) { g.rows = append(g.rows, cells) }

// grids are those of a report: one for each scenario, and of what is to be reached.
func (r *Report) grids(yield func(title string, g grid) bool) {
	for i := range r.Scenarios {
		s := &r.Scenarios[i]
		w := s.Workload
		title := fmt.Sprintf("%s: %s; %d items, %.0f MB", s.Scenario, s.What, w.Items, float64(w.Bytes)/1e6)
		if !yield(title, s.contenders()) || len(s.Stages) > 0 && !yield(s.Scenario+": the stages, each alone on one core", s.stages()) {
			return
		}
	}
	if len(r.Table) > 0 {
		yield("What is to be reached", tableGrid(r.Table))
	}
}

func (s *Result) contenders() grid {
	g := grid{head: []string{"contender", "MB/s", "CPU s/GB", "peak MiB", "runs"}}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		g.add(c.Name, c.Rate.words(1e6, 0), c.CPU.words(1, 1), c.Peak.words(mib, 0), fmt.Sprint(len(c.Runs)))
	}
	if s.Ceiling > 0 {
		g.add("what the limits allow", fmt.Sprintf("%.1f", s.Ceiling/1e6), "", "", "")
	}
	return g
}

func (s *Result) stages() grid {
	g := grid{head: []string{"stage", "CPU s/GB", "in the floor", "ratio"}}
	for i := range s.Stages {
		c := &s.Stages[i]
		in, ratio := "", ""
		if c.Floor {
			in = "yes"
		}
		if c.Ratio > 0 {
			ratio = fmt.Sprintf("%.3f", c.Ratio)
		}
		g.add(strings.TrimSuffix(c.Name+", "+c.Variant, ", "), c.CPU.words(1, 2), in, ratio)
	}
	g.add("floor", s.Floor.words(1, 2), "", "")
	g.add("efficiency", s.Efficiency.words(1, 2), "", "")
	return g
}

func tableGrid(rows []Row) grid {
	g := grid{head: []string{"what", "reach", "measured", ""}}
	for _, r := range rows {
		g.add(r.What, r.Reach, r.Measured, string(r.Outcome))
	}
	return g
}

// words writes a spread in some unit: the median and, where they differ from it, the least and the greatest.
func (s Spread) words(unit float64, decimals int) string {
	one := func(v float64) string { return fmt.Sprintf("%.*f", decimals, v/unit) }
	median, low, high := one(s.Median), one(s.Min), one(s.Max)
	if low == median && high == median {
		return median
	}
	return fmt.Sprintf("%s (%s to %s)", median, low, high)
}

// about says where and when a report was made, a line each.
func (r *Report) about() []string {
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
		version := strings.TrimPrefix(r.Versions[name], name+" ")
		versions = append(versions, name+" "+strings.TrimPrefix(version, name))
	}
	return []string{
		r.Started.Format("2006-01-02 15:04 MST") + fmt.Sprintf(", %.0f s, seed %d", r.Seconds, r.Seed),
		machine,
		strings.Join(versions, "; "),
		r.Command,
	}
}

// WriteText writes the report for a terminal.
func (r *Report) WriteText(w io.Writer) error {
	var b strings.Builder
	b.WriteString(strings.Join(r.about(), "\n") + "\n")
	for title, g := range r.grids {
		b.WriteString("\n" + title + "\n\n")
		g.text(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// WriteMarkdown writes the report as Markdown.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	for _, line := range r.about() {
		b.WriteString("- " + line + "\n")
	}
	for title, g := range r.grids {
		b.WriteString("\n### " + title + "\n\n")
		g.markdown(&b)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (g *grid) text(b *strings.Builder) {
	widths := make([]int, len(g.head))
	lines := append([][]string{g.head}, g.rows...)
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	for _, line := range lines {
		text := " "
		for i, cell := range line {
			text += " " + cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+1)
		}
		b.WriteString(strings.TrimRight(text, " ") + "\n")
	}
}

func (g *grid) markdown(b *strings.Builder) {
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(g.head)
	b.WriteString("|" + strings.Repeat("---|", len(g.head)) + "\n")
	for _, row := range g.rows {
		line(row)
	}
}
