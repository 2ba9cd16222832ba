package render

import (
	"io"
	"strings"

	"github.com/mailhaul/mailhaul/bench/report"
)

// Markdown writes a report as Markdown, with headings of the third level.
func Markdown(w io.Writer, r *report.Report) error {
	var b strings.Builder
	for _, pair := range about(r) {
		b.WriteString("- " + pair[0] + ": " + escaped(pair[1]) + "\n")
	}
	for _, g := range grids(r) {
		b.WriteString("\n### " + escaped(g.title) + "\n\n")
		g.markdown(&b)
	}
	if t := r.Tenant; t != nil {
		sentences(&b, "Advice", t.Advice)
		if t.Estimate != nil {
			sentences(&b, "The estimate assumes that", t.Estimate.Assumptions)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func sentences(b *strings.Builder, title string, all []string) {
	if len(all) == 0 {
		return
	}
	b.WriteString("\n### " + title + "\n\n")
	for _, s := range all {
		b.WriteString("- " + escaped(plain(s)) + "\n")
	}
}

func (g *grid) markdown(b *strings.Builder) {
	line := func(cells []string) {
		for _, c := range cells {
			b.WriteString("| " + escaped(c) + " ")
		}
		b.WriteString("|\n")
	}
	line(g.head)
	for _, right := range g.right {
		if right {
			b.WriteString("|--:")
		} else {
			b.WriteString("|---")
		}
	}
	b.WriteString("|\n")
	for _, row := range g.rows {
		line(row)
	}
}

// escaped escapes Markdown and HTML.
var escaped = strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "#", `\#`).Replace
