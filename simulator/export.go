package simulator

import "io"

// exportItems answers with the streams of the items asked for, one after the other as they are made.
func (c *call) exportItems() error {
	c.ok()
	c.out.text(`{"@odata.context":`)
	c.out.json(c.base() + "/$metadata#Collection(microsoft.graph.exportItemResponse)")
	c.out.text(`,"value":[`)
	first := true
	for _, id := range c.toExport() {
		if !first {
			c.out.text(",")
		}
		first = false
		if err := c.exportItem(id); err != nil {
			return err
		}
	}
	c.out.text("]}")
	return c.out.flush()
}

// toExport are the ids asked for, less and more what a fault says.
func (c *call) toExport() []string {
	var ids []string
	for _, i := range c.effect.arrange(len(c.ids), c.ids) {
		ids = append(ids, c.ids[i])
	}
	return append(ids, c.server.unasked(c.box, c.effect.extra, c.ids)...)
}

// exportItem writes one element of value.
func (c *call) exportItem(id string) error {
	if e := c.effect.itemError(id); e != nil {
		return c.exportError(id, e)
	}
	number, err := c.server.sealer.decode(c.box, kindItem, id)
	if err != nil {
		return c.exportError(id, idError(err))
	}
	it, ok := c.server.item(c.box, number)
	if !ok {
		return c.exportError(id, idError(errUnknownID))
	}
	c.out.text(`{"itemId":`)
	c.out.json(id)
	c.out.text(`,"changeKey":`)
	c.out.json(it.changeKey())
	c.out.text(`,"data":"`)
	data := &counter{dst: c.out.encode()}
	if err = c.server.compose(data, it); err == nil {
		err = c.out.base64.end()
	}
	c.server.stats.exported(data.n)
	c.out.text(`"}`)
	return err
}

// exportError writes an element that is an error.
func (c *call) exportError(id string, e *apiError) error {
	var failure object
	failure.str("code", e.code)
	failure.str("message", e.message)
	var o object
	o.str("itemId", id)
	o.raw("error", failure.bytes())
	_, err := c.out.Write(o.bytes())
	return err
}

// counter counts what goes through it.
type counter struct {
	dst io.Writer
	n   int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.dst.Write(p)
	c.n += int64(n)
	return n, err
}
