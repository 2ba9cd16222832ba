package render

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// A canvas is an SVG image. Its coordinates are pixels if the page shows it at full width.
type canvas struct {
	width, height float64
	b             strings.Builder
}

// Anchors of text.
const (
	start  = "start"
	middle = "middle"
	end    = "end"
)

// xy formats a coordinate; 0 if it is not finite, which SVG does not allow.
func xy(v float64) string {
	if !finite(v) {
		v = 0
	}
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(&c.b, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`, class, xy(x1), xy(y1), xy(x2), xy(y2))
}

// rect draws a rectangle. The tip appears under the mouse pointer.
func (c *canvas) rect(class string, x, y, w, h float64, tip string) {
	fmt.Fprintf(&c.b, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"><title>%s</title></rect>`,
		class, xy(x), xy(y), xy(max(0, w)), xy(h), html.EscapeString(plain(tip)))
}

func (c *canvas) circle(class string, x, y, r float64, tip string) {
	fmt.Fprintf(&c.b, `<circle class="%s" cx="%s" cy="%s" r="%s"><title>%s</title></circle>`,
		class, xy(x), xy(y), xy(r), html.EscapeString(plain(tip)))
}

func (c *canvas) text(class, anchor string, x, y float64, words string) {
	fmt.Fprintf(&c.b, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`, class, anchor, xy(x), xy(y), html.EscapeString(plain(words)))
}

func (c *canvas) polyline(class string, points [][2]float64) {
	c.b.WriteString(`<polyline class="` + class + `" points="`)
	for i, p := range points {
		if i > 0 {
			c.b.WriteByte(' ')
		}
		c.b.WriteString(xy(p[0]) + "," + xy(p[1]))
	}
	c.b.WriteString(`"/>`)
}

// svg returns the image. The label is for screen readers.
func (c *canvas) svg(label string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %s %s">%s</svg>`,
		html.EscapeString(plain(label)), xy(c.width), xy(c.height), c.b.String()))
}

// runeWidth estimates the width of a letter in the widest font that a page may get: cut text is
// unreadable.
func runeWidth(r rune) float64 {
	switch {
	case strings.ContainsRune("fijlrtI .,;:!|'()[]/-", r):
		return 5
	case strings.ContainsRune("mwMW@%", r), r >= 0x250:
		return 12
	case strings.ContainsRune("=+<>~#×÷", r):
		return 10
	case unicode.IsUpper(r):
		return 9.5
	}
	return 7.7
}

// textWidth estimates the width of text.
func textWidth(s string) float64 {
	width := 0.0
	for _, r := range s {
		width += runeWidth(r)
	}
	return width
}

// fit shortens text to a width, and to one letter at least.
func fit(s string, width float64) string {
	s = plain(s)
	if textWidth(s) <= width {
		return s
	}
	width -= runeWidth('…')
	for i, r := range s {
		if width -= runeWidth(r); width < 0 && i > 0 {
			return s[:i] + "…"
		}
	}
	return s
}
