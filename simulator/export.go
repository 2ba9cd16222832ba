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
	return c.end()
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
	if ok && c.effect.stale(id) && it.version > 0 {
		it = c.server.before(it)
	}
	switch {
	case !ok:
		return c.exportError(id, idError(errUnknownID))
	case it.folder.auxiliary != c.auxiliary:
		return c.exportError(id, c.movedItem(it.folder.auxiliary))
	}
	return c.exportStream(id, it)
}

// spelling is a way to write an element: what stands around the members that tell which item it is and the one that holds it.
type spelling struct {
	open, data, close string
	keyLast           bool
}

var (
	plainSpelling = spelling{open: "{", data: `"data":"`, close: "}"}
	oddSpelling   = spelling{open: "{ \"@odata.type\": null,\n\t\"more\" :[{\"data\":\"\\\"\"}, -1.5e3 ],", data: `"d\u0061ta" : "`, close: ",\"size\":0 }\r\n", keyLast: true}
)

// exportStream writes an element that is an item.
func (c *call) exportStream(id string, it item) error {
	if f := c.fragment(id, &it); f != nil && !c.effect.nameless() {
		c.server.stats.exported(f.length)
		_, err := c.out.Write(f.json)
		return err
	}
	spell := plainSpelling
	if c.effect.odd() {
		spell = oddSpelling
	}
	c.out.text(spell.open)
	if !spell.keyLast {
		c.exportKey(id, &it)
		c.out.text(",")
	}
	c.out.text(spell.data)
	data := &counter{dst: c.out.encode(c.effect.odd())}
	err := c.server.compose(data, it)
	if err == nil {
		err = c.out.base64.end()
	}
	c.server.stats.exported(data.n)
	c.out.text(`"`)
	if spell.keyLast {
		c.out.text(",")
		c.exportKey(id, &it)
	}
	c.out.text(spell.close)
	return err
}

// exportKey writes which item an element is.
func (c *call) exportKey(id string, it *item) {
	key := appendKey(nil, id, it)
	if c.effect.nameless() {
		key = appendChangeKey(nil, it)
	}
	_, _ = c.out.Write(key) // the buffer keeps the error
}

func appendKey(b []byte, id string, it *item) []byte {
	b = appendString(append(b, `"itemId":`...), id)
	return appendChangeKey(append(b, ','), it)
}

func appendChangeKey(b []byte, it *item) []byte {
	return appendString(append(b, `"changeKey":`...), it.changeKey())
}

const codeMoved = "ErrorArchiveFolderMovedPermanently"

// movedItem is the error of an item that lives in another mailbox: its message is where to ask.
func (c *call) movedItem(auxiliary int) *apiError {
	return &apiError{code: codeMoved, message: c.base() + "/admin/exchange/mailboxes/" + c.box.physical(auxiliary) + "/exportItems"}
}

// exportError writes an element that is an error.
func (c *call) exportError(id string, e *apiError) error {
	name, members := "error", [2][2]string{{"code", e.code}, {"message", e.message}}
	if e.code == codeMoved { // which Graph spells in another way
		name, members[0], members[1] = "Error", members[1], members[0]
	}
	var o, failure object
	for _, m := range members {
		failure.str(m[0], m[1])
	}
	if !c.effect.nameless() {
		o.str("itemId", id)
	}
	o.raw(name, failure.bytes())
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
