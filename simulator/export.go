package simulator

import (
	"io"
	"slices"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
	"github.com/mailhaul/mailhaul/simulator/internal/odata"
)

// exportItems answers with the streams of items. Each is sent while it is made.
func exportItems(c *call) error {
	c.answer.begin(c.version, c.base()+"/$metadata#Collection(microsoft.graph.exportItemResponse)")
	c.answer.body.Text(`,"value":[`)
	e := exporter{call: c, answer: c.answer, format: plainFormat, noIDs: c.effect.noIDs()}
	if c.effect.odd() {
		e.format = oddFormat
	}
	for i, id := range idsToExport(c) {
		if i > 0 {
			c.answer.body.Text(",")
		}
		if err := e.item(id); err != nil {
			return err
		}
	}
	c.answer.body.Text("]}")
	return nil
}

// idsToExport returns the requested ids, as faults change them.
func idsToExport(c *call) []string {
	var ids []string
	for _, i := range c.effect.arrange(len(c.ids), c.ids) {
		ids = append(ids, c.ids[i])
	}
	return append(ids, otherItems(c.mailbox, c.effect.extra, c.ids)...)
}

// otherItems returns the ids of up to n items of the seed that were not requested.
func otherItems(m *hostedMailbox, n int, requested []string) []string {
	var ids []string
	for number := uint64(0); number < m.Items && len(ids) < n; number++ {
		id := m.ItemID(number)
		if _, ok := m.Item(number); ok && !slices.Contains(requested, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// exportFormat is how an element that is an item is written: its key, which is the members that
// identify the item, and the member data.
type exportFormat struct {
	open, data, close string
	keyLast           bool // the key comes after data
	escape            bool // escape what need not be escaped
}

var (
	plainFormat = exportFormat{open: "{", data: `"data":"`, close: "}"}
	oddFormat   = exportFormat{open: "{ \"@odata.type\": null,\n\t\"more\" :[{\"data\":\"\\\"\"}, -1.5e3 ],", data: `"d\u0061ta" : "`, close: ",\"size\":0 }\r\n",
		keyLast: true, escape: true}
)

// exporter writes the elements of one export.
type exporter struct {
	call   *call
	answer *answer
	format exportFormat
	noIDs  bool
}

// item writes an item's element, or the error that replaces it.
func (e *exporter) item(id string) error {
	c := e.call
	if fault := c.effect.itemError(id); fault != nil {
		return e.error(id, fault)
	}
	number, err := c.mailbox.ItemNumber(id)
	if err != nil {
		return e.error(id, idError(err))
	}
	it, ok := c.mailbox.Item(number)
	if ok && c.effect.stale(id) && it.Version > 0 {
		it = it.Previous()
	}
	switch {
	case !ok:
		return e.error(id, idError(mailbox.ErrUnknownID))
	case it.Folder.Auxiliary != c.auxiliary:
		return e.error(id, c.movedItem(it.Folder.Auxiliary))
	}
	if f := c.mailbox.preparedItem(id, &it); f != nil && e.format == plainFormat && !e.noIDs {
		c.server.stats.exported(f.length)
		_, err := c.answer.body.Write(f.json)
		return err
	}
	return e.stream(id, &it)
}

// stream writes an element that is an item.
func (e *exporter) stream(id string, it *mailbox.Item) error {
	body := e.answer.body
	body.Text(e.format.open)
	if !e.format.keyLast {
		e.key(id, it)
		body.Text(",")
	}
	body.Text(e.format.data)
	base64 := body.Base64(e.format.escape)
	data := &counter{dst: base64}
	err := e.call.server.generator.Write(data, &it.Message)
	if err == nil {
		err = base64.Close()
	}
	e.call.server.stats.exported(data.n)
	body.Text(`"`)
	if e.format.keyLast {
		body.Text(",")
		e.key(id, it)
	}
	body.Text(e.format.close)
	return err
}

// key writes the members that identify an item.
func (e *exporter) key(id string, it *mailbox.Item) {
	if e.noIDs {
		e.answer.write(appendChangeKey(nil, it))
		return
	}
	e.answer.write(appendKey(nil, id, it))
}

func appendKey(b []byte, id string, it *mailbox.Item) []byte {
	b = odata.AppendString(append(b, `"itemId":`...), id)
	return appendChangeKey(append(b, ','), it)
}

func appendChangeKey(b []byte, it *mailbox.Item) []byte {
	return odata.AppendString(append(b, `"changeKey":`...), it.ChangeKey())
}

// error writes an element that is an error.
func (e *exporter) error(id string, reason *odata.Error) error {
	var o, failure odata.Object
	name := "error"
	if reason.Code == codeMoved { // which Graph writes in its own way
		name = "Error"
		failure.String("message", reason.Message)
		failure.String("code", reason.Code)
	} else {
		failure.String("code", reason.Code)
		failure.String("message", reason.Message)
	}
	if !e.noIDs {
		o.String("itemId", id)
	}
	o.Raw(name, failure.Close())
	_, err := e.answer.body.Write(o.Close())
	return err
}

// counter counts the bytes that go through it.
type counter struct {
	dst io.Writer
	n   int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.dst.Write(p)
	c.n += int64(n)
	return n, err
}
