package exportjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	bufferSize = 64 << 10
	maxID      = 64 << 10 // JSON of an itemId or a changeKey
	maxError   = 1 << 20  // JSON of an error
)

// An Element is one element of the response.
type Element struct {
	ID, ChangeKey string
	HasData       bool       // data was there, be it of no bytes
	Error         *ItemError // nil if there was none
	Malformed     error      // what of it could not be read, a *SyntaxError; its data is void
}

// An ItemError is what Graph says of an item that it did not export.
type ItemError struct{ Code, Message string }

// A Handler takes a response, in the order of its arrival.
type Handler interface {
	// Room returns n bytes of the handler's own memory where the next Data may come to lie,
	// so that it need not be copied, or nil. It may be asked for in vain.
	Room(n int) []byte

	// Data takes the next decoded bytes of the element that is arriving, valid
	// during the call if they do not lie where Room told last. Which element that is may
	// show only at its end.
	Data(p []byte) error

	// Restart tells that the element has other data, or none, than Data was given.
	Restart()

	// Element ends an element. Data after it belongs to the next.
	Element(e Element) error
}

// A Decoder decodes one response after another. It is not safe for concurrent use.
type Decoder struct {
	lexer
	base64  base64Stream
	handler Handler
	element Element
	started bool // the element had data
}

// NewDecoder returns a decoder. It holds 112 KiB, and while it decodes at most as
// much JSON of one id or error.
func NewDecoder() *Decoder { return newDecoder(bufferSize) }

func newDecoder(size int) *Decoder {
	return &Decoder{
		lexer:  lexer{buf: make([]byte, max(size, maxEscape))},
		base64: newBase64Stream(max(size, maxEscape)),
	}
}

// Decode reads a response to its end and hands it to h. It returns a *SyntaxError
// when the response is malformed or ends too early, and as it is the error of h.
func (d *Decoder) Decode(r io.Reader, h Handler) error {
	d.lexer = lexer{src: r, buf: d.buf, name: d.name[:0], captured: d.captured[:0]}
	d.handler = h
	defer func() { d.src, d.handler, d.element = nil, nil, Element{} }()

	if err := d.skipMark(); err != nil {
		return err
	}
	c, err := d.next()
	switch {
	case err != nil:
		return err
	case c == '{':
		err = d.object(d.member)
	case c == 'n':
		err = d.literal("null")
	default:
		if err = d.checkValue(); err == nil {
			err = d.errorf("no object")
		}
	}
	if err != nil {
		return err
	}
	return d.end()
}

// end makes sure that nothing follows the response.
func (d *Decoder) end() error {
	c, err := d.next()
	if err == nil {
		return d.unexpected(c, "after top-level value")
	}
	if d.readErr == io.EOF {
		return nil
	}
	return err
}

// checkValue reports what stands where it should not: a value of another kind, or
// none at all.
func (d *Decoder) checkValue() error {
	c, err := d.next()
	if err == nil && !bytes.ContainsRune([]byte(`{["tfn-0123456789`), rune(c)) {
		err = d.unexpected(c, "looking for beginning of value")
	}
	return err
}

func (d *Decoder) named(name string) bool { return bytes.EqualFold(d.name, []byte(name)) }

// member reads a member of the response.
func (d *Decoder) member() error {
	if !d.named("value") {
		return d.skip()
	}
	c, err := d.next()
	switch {
	case err != nil:
		return err
	case c == '[':
		return d.array(d.readElement)
	case c == 'n':
		return d.literal("null")
	}
	if err := d.checkValue(); err != nil {
		return err
	}
	return d.errorf("value is no array")
}

// readElement reads an element and hands it over.
func (d *Decoder) readElement() error {
	d.element, d.started = Element{}, false
	c, err := d.next()
	switch {
	case err != nil:
		return err
	case c == '{':
		err = d.object(d.elementMember)
	case c == 'n':
		err = d.literal("null")
	default:
		d.malformed(d.offset(), "no object")
		err = d.skip()
	}
	if err != nil {
		return err
	}
	return d.handler.Element(d.element)
}

// malformed notes what is wrong with the element; the first of it counts.
func (d *Decoder) malformed(offset int64, format string, args ...any) {
	if d.element.Malformed == nil {
		d.element.Malformed = &SyntaxError{Offset: offset, msg: fmt.Sprintf(format, args...)}
	}
}

// elementMember reads a member of an element.
func (d *Decoder) elementMember() error {
	switch e := &d.element; {
	case d.named("data"):
		return d.data()
	case d.named("itemId"):
		return d.small("itemId", &e.ID, maxID)
	case d.named("changeKey"):
		return d.small("changeKey", &e.ChangeKey, maxID)
	case d.named("error"):
		return d.small("error", &e.Error, maxError)
	}
	return d.skip()
}

// small reads into v a value whose JSON is at most limit bytes long.
func (d *Decoder) small(name string, v any, limit int) error {
	if _, err := d.next(); err != nil {
		return err
	}
	at := d.offset()
	raw, err := d.capture(limit)
	switch {
	case err != nil:
		return err
	case raw == nil:
		d.malformed(at, "%s of more than %d bytes", name, limit)
	default:
		if text, ok := v.(*string); ok && isPlain(raw) {
			*text = string(raw[1 : len(raw)-1])
		} else if err := json.Unmarshal(raw, v); err != nil {
			d.malformed(at, "%s of another type", name)
		}
	}
	return nil
}

// isPlain reports whether a JSON value is a string that says what stands in it.
func isPlain(raw []byte) bool {
	if raw[0] != '"' {
		return false
	}
	for _, c := range raw {
		if c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// data reads data and hands out its bytes.
func (d *Decoder) data() error {
	c, err := d.next()
	if err != nil {
		return err
	}
	if c == '"' || c == 'n' {
		if d.started {
			d.handler.Restart()
		}
		d.started, d.element.HasData = c == '"', c == '"'
	}
	switch c {
	case '"':
		return d.dataString()
	case 'n':
		return d.literal("null")
	}
	d.malformed(d.offset(), "data is no string")
	return d.skip()
}

func (d *Decoder) dataString() error {
	d.advance(1)
	d.base64.reset()
	for done := false; !done; {
		var decoded []byte
		var err error
		if decoded, done, err = d.dataRun(); err != nil {
			return err
		}
		if len(decoded) > 0 {
			if err := d.handler.Data(decoded); err != nil {
				return err
			}
		}
	}
	if d.element.Malformed == nil && !d.base64.whole() {
		d.malformed(d.offset()-1, "base64 data without its end")
	}
	return nil
}

// dataRun reads the next run of data. Nothing is decoded once the data is malformed.
func (d *Decoder) dataRun() (decoded []byte, done bool, err error) {
	if d.element.Malformed == nil {
		run, done, err := d.raw()
		if err != nil {
			return nil, false, err
		}
		if decoded, ok := d.base64.decodePlain(d.handler.Room(decodedRoom(len(run))), run); ok {
			d.advance(len(run))
			if done {
				d.advance(1)
			}
			return decoded, done, nil
		}
	}
	at := d.offset() // of the run: behind an escape in it, the earliest possible
	run, done, err := d.text()
	if err != nil || d.element.Malformed != nil {
		return nil, done, err
	}
	decoded, bad := d.base64.decode(run)
	if bad >= 0 {
		d.malformed(at+int64(bad), "illegal base64 data")
		return nil, done, nil
	}
	return decoded, done, nil
}
