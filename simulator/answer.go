package simulator

import (
	"cmp"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
	"github.com/mailhaul/mailhaul/simulator/internal/wire"
)

// answer writes the response to one request.
type answer struct {
	w         http.ResponseWriter
	r         *http.Request
	requestID string
	date      time.Time
	status    int
	mark      string     // before the body
	body      *wire.Body // nil until open
}

func newAnswer(w http.ResponseWriter, r *http.Request, date time.Time) *answer {
	return &answer{w: w, r: r, requestID: rng.FreshGUID(), date: date, status: http.StatusOK}
}

// open lets the body be written: byte by byte with a pause after each, unless the pause is zero; or
// at a rate in bytes a second, unless that is zero. The body is cut off as [wire.NewBody]
// describes.
func (a *answer) open(pause time.Duration, rate, cut int64) {
	var dst io.Writer = a.w
	switch {
	case pause > 0:
		dst = wire.ByteByByte(a.w, a.r, pause)
	case rate > 0:
		dst = wire.AtRate(a.w, a.r, rate)
	}
	a.body = wire.NewBody(dst, cut)
}

func (a *answer) close() { a.body.Recycle() }

// header sets the headers of all of Graph's responses.
func (a *answer) header() http.Header {
	h := a.w.Header()
	h.Set("request-id", a.requestID)
	if id := a.clientRequestID(); id != "" {
		h.Set("client-request-id", id)
	}
	h.Set("Cache-Control", "private")
	h.Set("Strict-Transport-Security", "max-age=31536000")
	return h
}

// clientRequestID is the client's own name of the request, if it is fit to be repeated.
func (a *answer) clientRequestID() string {
	id := a.r.Header.Get("client-request-id")
	if len(id) > 100 || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r > '~' }) {
		return ""
	}
	return id
}

// begin begins a response in JSON, up to its context, which is a URL.
func (a *answer) begin(version, context string) {
	h := a.header()
	h.Set("Content-Type", "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8")
	h.Set("OData-Version", "4.0")
	if version == "beta" {
		h.Set("Deprecation", "Thu, 19 Aug 2021 23:59:59 GMT")
		h.Set("Sunset", "Sat, 19 Aug 2023 23:59:59 GMT")
	}
	a.body.Text(a.mark + `{"@odata.context":`)
	a.string(context)
}

// string writes a string in JSON.
func (a *answer) string(s string) { a.write(odata.AppendString(nil, s)) }

// write writes JSON. The body keeps the error.
func (a *answer) write(b []byte) { _, _ = a.body.Write(b) }

// refuse answers with an error.
func (a *answer) refuse(e *odata.Error) {
	h := a.header()
	a.status = e.Status
	for _, kv := range e.Header {
		h.Set(kv[0], kv[1])
	}
	if e.Empty {
		h.Set("Content-Length", "0")
		a.w.WriteHeader(e.Status)
		return
	}
	inner := odata.Inner{Date: a.date, RequestID: a.requestID, ClientRequestID: cmp.Or(a.clientRequestID(), a.requestID)}
	b := append([]byte(a.mark), e.Envelope(inner)...)
	h.Set("Content-Type", "application/json")
	if e.Body != "" {
		b = []byte(e.Body)
		h.Set("Content-Type", "text/html")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	a.w.WriteHeader(e.Status)
	_, _ = a.w.Write(b) // the client may be gone
}

// page is one page of a list.
type page struct {
	context string // after $metadata#
	count   int    // of all elements, if the request wants it
	next    string // the link to the next page, if there is one
	delta   string // the link to the next round, if this one ends here
}

// writePage writes a page of up to n elements; element adds the members of one, or returns false if
// it is gone by now.
func (c *call) writePage(p page, n int, element func(i int, o *odata.Object) bool) error {
	if odata.PreferredSize(c.r.Header) > 0 {
		c.answer.w.Header().Set("Preference-Applied", "odata.maxpagesize="+strconv.Itoa(c.query.Size))
	}
	if c.effect.endless() {
		p.next, p.delta = c.sameLink(), ""
	}
	body := c.answer.body
	c.answer.begin(c.version, c.base()+"/$metadata#"+p.context)
	if c.query.Count {
		body.Text(`,"@odata.count":` + strconv.Itoa(p.count))
	}
	body.Text(`,"value":[`)
	if err := c.writeElements(n, element); err != nil {
		return err
	}
	body.Text("]")
	for _, link := range [][2]string{{"nextLink", p.next}, {"deltaLink", p.delta}} {
		if link[1] != "" {
			body.Text(`,"@odata.` + link[0] + `":`)
			c.answer.string(link[1])
		}
	}
	body.Text("}")
	return nil
}

// writeElements writes the elements of a page in the order that faults give them.
func (c *call) writeElements(n int, element func(i int, o *odata.Object) bool) error {
	var o odata.Object
	separator := ""
	for _, i := range c.effect.arrange(n, nil) {
		o.Reset()
		if !element(i, &o) {
			continue
		}
		c.answer.body.Text(separator)
		separator = ","
		if _, err := c.answer.body.Write(o.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeOne writes a single entity.
func (c *call) writeOne(context string, o *odata.Object) error {
	c.answer.begin(c.version, c.base()+"/$metadata#"+context)
	members := o.Close()[1:]
	if len(members) > 1 {
		c.answer.body.Text(",")
	}
	c.answer.write(members)
	return nil
}
