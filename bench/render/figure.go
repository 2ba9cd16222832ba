package render

import "html/template"

// A figure is a plot. Its title states the result.
type figure struct {
	Title  string
	Note   string // how to read the plot
	Legend []entry
	Image  template.HTML
}

// An entry of a legend names a color.
type entry struct{ Class, Name string }

// Sizes of all plots, in pixels.
const (
	plotWidth = 460.0
	lineSpace = 15.0 // between lines of text
)

// colors are the CSS classes of series.
var colors = []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7"}

func color(i int) string { return colors[i%len(colors)] }
