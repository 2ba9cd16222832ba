package simulator

import "strconv"

// page is one page of a list on its way out.
type page struct {
	context string // behind $metadata#
	count   int    // of all elements; told if asked for
	next    string // the link to the next page, if there is one
	delta   string // the link to the next round, if this one ends here
}

// writePage writes a page of n elements; element puts one's members, and tells if there is none by now.
func (c *call) writePage(p page, n int, element func(i int, o *object) bool) error {
	if preferredSize(c.r.Header) > 0 {
		c.w.Header().Set("Preference-Applied", "odata.maxpagesize="+strconv.Itoa(c.query.size))
	}
	c.effect.endless(c, &p)
	c.ok()
	c.out.text(`{"@odata.context":`)
	c.out.json(c.base() + "/$metadata#" + p.context)
	if c.query.count {
		c.out.text(`,"@odata.count":` + strconv.Itoa(p.count))
	}
	c.out.text(`,"value":[`)
	var o object
	separator := ""
	for _, i := range c.effect.arrange(n, nil) {
		o.b = o.b[:0]
		if !element(i, &o) {
			continue
		}
		c.out.text(separator)
		separator = ","
		o.b = o.bytes()
		if _, err := c.out.Write(o.b); err != nil {
			return err
		}
	}
	c.out.text("]")
	for _, link := range [][2]string{{"nextLink", p.next}, {"deltaLink", p.delta}} {
		if link[1] != "" {
			c.out.text(`,"@odata.` + link[0] + `":`)
			c.out.json(link[1])
		}
	}
	c.out.text("}")
	return c.end()
}

// writeOne writes a single thing.
func (c *call) writeOne(context string, o *object) error {
	c.ok()
	c.out.text(`{"@odata.context":`)
	c.out.json(c.base() + "/$metadata#" + context)
	if len(o.b) > 0 {
		c.out.text(",")
	}
	_, _ = c.out.Write(o.bytes()[1:]) // the buffer keeps the error
	return c.end()
}

// json writes a string in JSON.
func (s *sender) json(v string) {
	_, _ = s.buf.Write(appendString(nil, v)) // the buffer keeps the error
}
