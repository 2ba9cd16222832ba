package render

import "html/template"

// A figure is a plot with its title, which says what it shows.
type figure struct {
	Title  string
	Note   string // how to read it
	Legend []entry
	Image  template.HTML
}

// An entry of a legend is a colour's name.
type entry struct{ Class, Name string }

// What all plots are drawn in.
const (
	plotWidth = 460.0
	lineSpace = 15.0 // of text
)

// The classes of colours: of series, and of what stages do.
var series = []string{"c1", "c2", "c3", "c4", "c5", "c6", "c7"}

func color(i int) string { return series[i%len(series)] }
