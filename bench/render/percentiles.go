package render

import "math"

const requestSpace = 32.0

// percentiles draws latencies as dots on a logarithmic axis.
func percentiles(all []latency, label string) figure {
	const top, bottom = 22.0, 42.0
	low, high := math.Inf(1), 0.0
	kept := all[:0:0]
	for _, l := range all {
		if l.P50 > smallest && l.Max >= l.P50 && l.Max < largest {
			kept, low, high = append(kept, l), min(low, l.P50), max(high, l.Max)
		}
	}
	if len(kept) == 0 {
		return figure{}
	}
	c := &canvas{width: plotWidth, height: top + bottom + requestSpace*float64(len(kept))}
	left := 0.0
	for _, l := range kept {
		left = max(left, textWidth(l.name))
	}
	left = min(left, maxLabel) + 14
	x, marks := decades(low, high, left, c.width-24)
	ground := c.height - bottom
	for _, v := range marks {
		c.line("grid", x.at(v), top, x.at(v), ground)
		c.text("tick", middle, x.at(v), ground+16, power(v))
	}
	for i, l := range kept {
		l.draw(c, x, top+requestSpace*(float64(i)+0.5), left)
	}
	c.text("name", middle, (x.from+x.to)/2, c.height-6, "logarithmic")
	return figure{Image: c.svg(label), Legend: []entry{{"c1", "50 %"}, {"c3", "90 %"}, {"c2", "99 %"}, {"c6", "longest"}}}
}

// power formats a power of ten, in seconds.
func power(v float64) string {
	switch {
	case v < 0.9e-3:
		return tick(math.Round(v*1e9)/1e3) + " µs"
	case v < 0.9:
		return tick(math.Round(v*1e6)/1e3) + " ms"
	}
	return tick(math.Round(v)) + " s"
}

func (l *latency) draw(c *canvas, x scale, y, left float64) {
	c.text("label", end, left-8, y+4, fit(l.name, left-8))
	c.line("span", x.at(l.P50), y, x.at(l.Max), y)
	for _, p := range []struct {
		class, name string
		value       float64
	}{{"c6", "longest", l.Max}, {"c2", "99 %", l.P99}, {"c3", "90 %", l.P90}, {"c1", "50 %", l.P50}} {
		if finite(p.value) && p.value >= l.P50 && p.value <= l.Max {
			c.circle("dot "+p.class, x.at(p.value), y, 5, l.name+", "+p.name+": "+seconds(p.value))
		}
	}
	c.text("value", middle, x.at(l.P50), y-8, seconds(l.P50))
}
