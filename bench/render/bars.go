package render

// A bar is a row of a bar plot. Its parts lie beside each other.
type bar struct {
	name      string
	parts     []part
	low, high float64 // range of the total; none if equal
	note      string  // after the bar
}

// A part of a bar.
type part struct {
	class, name string
	value       float64
}

func (b *bar) total() float64 {
	all := 0.0
	for _, p := range b.parts {
		if finite(p.value) && p.value > 0 {
			all += p.value
		}
	}
	return all
}

// bars is a plot of horizontal bars.
type bars struct {
	axis string
	most float64 // end of the axis; the longest bar if zero
	all  []bar
}

// Sizes in pixels.
const (
	barHeight = 18.0
	barSpace  = 27.0  // from one bar to the next
	maxLabel  = 190.0 // longer names are shortened
)

// add adds a bar that is not empty.
func (p *bars) add(b bar) {
	if b.total() > 0 {
		p.all = append(p.all, b)
	}
}

func (p *bars) draw(label string) figure {
	const top, bottom = 8.0, 42.0
	c := &canvas{width: plotWidth, height: top + bottom + barSpace*float64(len(p.all))}
	names, notes, most := 0.0, 12.0, p.most
	for _, b := range p.all {
		names, notes = max(names, textWidth(b.name)), max(notes, textWidth(b.note)+12)
		if p.most == 0 {
			most = max(most, b.total(), b.high)
		}
	}
	left := min(names, maxLabel) + 10
	x, marks := upTo(most, left, c.width-notes-8, 4)
	ground := c.height - bottom
	for _, v := range marks {
		c.line("grid", x.at(v), top, x.at(v), ground)
		c.text("tick", middle, x.at(v), ground+16, tick(v))
	}
	for i := range p.all {
		p.all[i].draw(c, x, top+barSpace*float64(i), left)
	}
	c.line("axis", x.from, top, x.from, ground)
	c.text("name", middle, (x.from+x.to)/2, c.height-6, p.axis)
	return figure{Image: c.svg(label), Legend: p.legend()}
}

func (b *bar) draw(c *canvas, x scale, y, left float64) {
	middleY := y + barSpace/2
	c.text("label", end, left-6, middleY+4, fit(b.name, left-6))
	at := 0.0
	for _, p := range b.parts {
		if !finite(p.value) || p.value <= 0 {
			continue
		}
		from, to := x.at(at), x.at(at+p.value)
		c.rect("bar "+p.class, from, middleY-barHeight/2, to-from, barHeight, b.name+", "+p.name+": "+number(p.value))
		at += p.value
	}
	far := x.at(at)
	if finite(b.low) && finite(b.high) && b.high > b.low {
		c.line("whisker", x.at(b.low), middleY, x.at(b.high), middleY)
		far = max(far, x.at(b.high))
	}
	c.text("value", start, far+5, middleY+4, b.note)
}

// legend names the parts, if a bar has more than one.
func (p *bars) legend() []entry {
	var all []entry
	seen, several := map[string]bool{}, false
	for _, b := range p.all {
		several = several || len(b.parts) > 1
		for _, part := range b.parts {
			if !seen[part.name] && finite(part.value) && part.value > 0 {
				seen[part.name] = true
				all = append(all, entry{part.class, plain(part.name)})
			}
		}
	}
	if !several {
		return nil
	}
	return all
}
