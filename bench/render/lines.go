package render

import (
	"cmp"
	"math"
	"slices"
)

// A line is one line of a plot.
type line struct {
	name   string
	points []dot
}

// A dot is a point of a line, with its range if low and high differ.
type dot struct {
	x, y, low, high float64
	label           string // replaces x
}

// lines is a plot of lines.
type lines struct {
	x, y  string // titles of the axes
	marks bool   // draw dots with their ranges
	all   []line
}

// maxDots is how many dots of a line are drawn, at most: more would not be visible.
const maxDots = 400

// add adds a line without dots that are negative or not finite, if any are left.
func (p *lines) add(name string, dots []dot) {
	dots = slices.DeleteFunc(slices.Clone(dots), func(d dot) bool { return !finite(d.x) || !finite(d.y) || d.x < 0 || d.y < 0 })
	slices.SortStableFunc(dots, func(a, b dot) int { return cmp.Compare(a.x, b.x) })
	if len(dots) > 0 {
		p.all = append(p.all, line{name, thin(dots)})
	}
}

// thin keeps the highest of neighboring dots, and the last dot.
func thin(dots []dot) []dot {
	every := (len(dots) + maxDots - 1) / maxDots
	if every <= 1 {
		return dots
	}
	var kept []dot
	for part := range slices.Chunk(dots, every) {
		kept = append(kept, slices.MaxFunc(part, func(a, b dot) int { return cmp.Compare(a.y, b.y) }))
	}
	if last := dots[len(dots)-1]; kept[len(kept)-1] != last {
		kept = append(kept, last)
	}
	return kept
}

// draw draws the plot, with the name of each line at its end.
func (p *lines) draw(label string) figure {
	const top, bottom, left = 24.0, 42.0, 52.0
	c := &canvas{width: plotWidth, height: 240}
	names := p.nameWidth()
	x, xs := upTo(p.most(func(d dot) float64 { return d.x }), left, c.width-14-names, 6)
	x, xs = p.trim(x, xs)
	y, ys := upTo(p.most(func(d dot) float64 { return max(d.y, d.high) }), c.height-bottom, top, 4)
	for _, v := range ys {
		c.line("grid", x.from, y.at(v), x.to, y.at(v))
		c.text("tick", end, x.from-6, y.at(v)+4, tick(v))
	}
	p.ticks(c, x, xs, y.from)
	c.line("axis", x.from, y.from, x.to, y.from)
	c.text("name", start, 2, 12, p.y)
	c.text("name", middle, (x.from+x.to)/2, c.height-6, p.x)
	for i, l := range p.all {
		p.line(c, x, y, l, color(i))
	}
	if names > 0 {
		p.names(c, x, y)
	}
	return figure{Image: c.svg(label)}
}

// trim ends the x axis where the lines end.
func (p *lines) trim(x scale, xs []float64) (scale, []float64) {
	most := p.most(func(d dot) float64 { return d.x })
	switch {
	case p.named():
		x.high = float64(len(p.all[0].points))
	case most > 0:
		x.high = most
		for len(xs) > 1 && xs[len(xs)-1] > most {
			xs = xs[:len(xs)-1]
		}
	}
	return x, xs
}

// named reports whether dots have labels instead of numbers.
func (p *lines) named() bool { return p.all[0].points[0].label != "" }

// ticks draws the marks of the x axis: the labels of dots, the dots of a short line, or round
// numbers.
func (p *lines) ticks(c *canvas, x scale, xs []float64, y float64) {
	named := p.named()
	if !named && len(p.all[0].points) > 1 && p.marks && len(p.all[0].points) <= 8 {
		xs = nil
		for _, d := range p.all[0].points {
			xs = append(xs, d.x)
		}
	}
	if !named {
		for _, v := range xs {
			c.line("axis", x.at(v), y, x.at(v), y+4)
			c.text("tick", middle, x.at(v), y+17, tick(v))
		}
		return
	}
	for _, d := range p.all[0].points {
		c.line("axis", x.at(d.x), y, x.at(d.x), y+4)
		c.text("tick", middle, x.at(d.x), y+17, fit(d.label, (x.to-x.from)/float64(len(p.all[0].points))))
	}
}

func (p *lines) line(c *canvas, x, y scale, l line, class string) {
	var points [][2]float64
	for _, d := range l.points {
		points = append(points, [2]float64{x.at(d.x), y.at(d.y)})
	}
	c.polyline("line "+class, points)
	if !p.marks && len(points) > 1 {
		return
	}
	for i, d := range l.points {
		if finite(d.low) && d.high > d.low {
			c.line("range "+class, points[i][0], y.at(d.low), points[i][0], y.at(d.high))
		}
		c.circle("dot "+class, points[i][0], points[i][1], 3.5, l.name+": "+number(d.y))
		if p.marks && len(p.all) == 1 && len(l.points) <= 8 {
			c.text("value", middle, points[i][0], y.at(max(d.y, d.high))-8, number(d.y))
		}
	}
}

// names draws the names of lines at their ends, without overlaps.
func (p *lines) names(c *canvas, x, y scale) {
	type name struct {
		at   float64
		text string
		i    int
	}
	var all []name
	for i, l := range p.all {
		all = append(all, name{y.at(l.points[len(l.points)-1].y) + 4, l.name, i})
	}
	slices.SortFunc(all, func(a, b name) int { return cmp.Compare(a.at, b.at) })
	for i := range all {
		if i > 0 {
			all[i].at = max(all[i].at, all[i-1].at+lineSpace)
		}
		last := p.all[all[i].i].points
		at := x.at(last[len(last)-1].x) + 7
		c.text("series "+color(all[i].i), start, at, all[i].at, fit(all[i].text, c.width-at))
	}
}

// nameWidth returns the width of the names; 0 for a single line, which has none.
func (p *lines) nameWidth() float64 {
	width := 0.0
	if len(p.all) > 1 {
		for _, l := range p.all {
			width = max(width, textWidth(l.name))
		}
	}
	return min(width, 150)
}

func (p *lines) most(of func(dot) float64) float64 {
	most := 0.0
	for _, l := range p.all {
		for _, d := range l.points {
			if v := of(d); finite(v) {
				most = math.Max(most, v)
			}
		}
	}
	return most
}
