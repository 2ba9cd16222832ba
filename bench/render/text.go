package render

import (
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A Style is the style of text.
type Style struct {
	Color bool // with escape sequences, for a terminal
	Width int  // columns; 100 if zero
}

// JSON writes a report as indented JSON. A figure that is not finite is an error.
func JSON(w io.Writer, r *report.Report) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// Text writes a report for a terminal. It wraps the cells of wide tables.
func Text(w io.Writer, r *report.Report, style Style) error {
	if style.Width == 0 {
		style.Width = 100
	}
	t := &text{Style: style}
	for _, g := range grids(r) {
		t.grid(g)
	}
	if r.Tenant != nil {
		t.list("Advice", r.Tenant.Advice)
		if e := r.Tenant.Estimate; e != nil {
			t.list("The estimate assumes that", e.Assumptions)
		}
	}
	for _, pair := range about(r) {
		t.item(pair[0]+strings.Repeat(" ", max(1, 10-len(pair[0]))), pair[1])
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// A text is the text written so far.
type text struct {
	Style
	b strings.Builder
}

// paint colors words. Escape sequences never come from a report.
func (t *text) paint(code, words string) string {
	if !t.Color || words == "" {
		return words
	}
	return "\x1b[" + code + "m" + words + "\x1b[0m"
}

const bold, red, green, dim = "1", "1;31", "32", "2"

func (t *text) title(s string) { t.b.WriteString(t.paint(bold, s) + "\n") }

// list writes sentences below a title.
func (t *text) list(title string, sentences []string) {
	if len(sentences) == 0 {
		return
	}
	t.title(title)
	for _, s := range sentences {
		t.item("  - ", plain(s))
	}
	t.b.WriteString("\n")
}

// item writes a paragraph with a hanging mark.
func (t *text) item(mark, words string) {
	indent := strings.Repeat(" ", utf8.RuneCountInString(mark))
	for i, line := range fold(words, t.Width-len(indent)) {
		if i > 0 {
			mark = indent
		}
		t.b.WriteString(mark + line + "\n")
	}
}

func (t *text) grid(g *grid) {
	t.title(g.title)
	widths := g.widths(t.Width)
	t.row(g, widths, g.head, func(string) string { return dim })
	for _, row := range g.rows {
		t.row(g, widths, row, func(cell string) string {
			return map[string]string{string(report.Pass): green, string(report.Miss): red, string(report.Failed): red, string(report.LeftOut): dim}[cell]
		})
	}
	t.b.WriteString("\n")
}

// row writes a row. Cells are wrapped to the widths of their columns.
func (t *text) row(g *grid, widths []int, cells []string, color func(string) string) {
	folded, lines := make([][]string, len(cells)), 1
	for i, cell := range cells {
		folded[i] = fold(cell, widths[i])
		lines = max(lines, len(folded[i]))
	}
	for n := range lines {
		line := ""
		for i := range cells {
			cell := ""
			if n < len(folded[i]) {
				cell = folded[i][n]
			}
			space := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(cell)))
			if code := color(cells[i]); code != "" {
				cell = t.paint(code, cell)
			}
			if g.right[i] {
				line += "  " + space + cell
			} else {
				line += "  " + cell + space
			}
		}
		t.b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// widths returns the widths of the columns. It makes the widest narrower, down to 12 characters,
// until all fit.
func (g *grid) widths(width int) []int {
	widths, all := make([]int, len(g.head)), 0
	for i := range g.head {
		widths[i] = utf8.RuneCountInString(g.head[i])
		for _, row := range g.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
		all += widths[i] + 2
	}
	const least = 12
	for ; all > width; all-- {
		widest := 0
		for i := range widths {
			if widths[i] > widths[widest] {
				widest = i
			}
		}
		if widths[widest] <= least {
			break
		}
		widths[widest]--
	}
	return widths
}

// fold breaks text into lines, between words if possible.
func fold(s string, width int) []string {
	width = max(width, 1)
	lines, line := []string{}, []rune(nil)
	for _, word := range strings.Fields(s) {
		w := []rune(word)
		if len(line) > 0 && len(line)+1+len(w) > width {
			lines, line = append(lines, string(line)), nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		for line = append(line, w...); len(line) > width; line = line[width:] {
			lines = append(lines, string(line[:width]))
		}
	}
	return append(lines, string(line))
}
