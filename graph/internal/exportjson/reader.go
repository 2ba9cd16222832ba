package exportjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	bufferSize = 64 << 10
	maxID      = 64 << 10 // JSON of an itemId or a changeKey
	maxError   = 1 << 20  // JSON of an error
)

// ReadSize is the length of a buffer into which Read decodes everything that has arrived. Read
// decodes base64 in place: a caller that passes the memory where the bytes are to stay saves a
// copy. Shorter buffers work, and are slower.
const ReadSize = bufferSize/4*3 + decodeMargin

// ErrReplaced is returned by Read when the element has a second data member, which replaces the
// first one. The bytes that Read returned so far are void; the next Read continues with the new
// data.
var ErrReplaced = errors.New("the element has other data")

// An Element is one element of a response.
type Element struct {
	ID, ChangeKey string
	HasData       bool       // there is data, possibly of no bytes
	Error         *ItemError // nil: none
	Malformed     error      // the first member that could not be read, a *SyntaxError; the data is void
}

// An ItemError is Graph's reason for not exporting an item.
type ItemError struct{ Code, Message string }

// state is the position of a Reader in a response.
type state int

const (
	atStart    state = iota
	inResponse       // between members of the response
	inValue          // between elements
	inElement        // between members of an element
	inData           // within the string of an element's data
	atEnd            // behind the response's object
)

// A Reader reads one response after another. It is not safe for concurrent use.
type Reader struct {
	lex     lexer
	base64  base64Decoder
	state   state
	element Element
	spare   []byte // holds pending; allocated when a Read needs it
	pending []byte // decoded data that did not fit into the buffer of a Read
	err     error  // ends the response
}

// NewReader returns a Reader, which Reset prepares for a response. It holds 64 KiB and, while it
// reads, at most the JSON of one id or error.
func NewReader() *Reader { return newReader(bufferSize) }

func newReader(size int) *Reader {
	return &Reader{lex: lexer{buf: make([]byte, max(size, maxEscape))}, err: io.EOF}
}

// Reset makes r read the response in src from its start. It releases everything of the previous
// response. After Reset(nil), r waits for the next Reset.
func (r *Reader) Reset(src io.Reader) {
	*r = Reader{
		lex:   lexer{src: src, buf: r.lex.buf, name: r.lex.name[:0], captured: r.lex.captured[:0]},
		spare: r.spare,
	}
	if src == nil {
		r.err = io.EOF
	}
}

// Next advances to the next element, past data that was not read. It returns io.EOF after the last
// element, and a *SyntaxError if the response is malformed or ends early. The element is valid
// until the next call; members that follow its data are set when Read has returned io.EOF.
func (r *Reader) Next() (*Element, error) {
	for r.state == inElement || r.state == inData {
		if _, err := r.Read(r.spareBuffer()); err == io.EOF {
			break
		} else if err != nil && err != ErrReplaced {
			return nil, err
		}
	}
	if r.err == nil {
		r.err = r.nextElement()
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.element, nil
}

// Read reads data of the current element: as much as has arrived and fits into p. It returns
// io.EOF at the end of the element, ErrReplaced if the bytes read so far are void, and a
// *SyntaxError if the response is malformed or ends early.
func (r *Reader) Read(p []byte) (n int, err error) {
	for {
		switch {
		case r.err != nil:
			return 0, r.err
		case len(r.pending) > 0:
			n = copy(p, r.pending)
			r.pending = r.pending[n:]
			return n, nil
		case r.state == inData:
			if n, r.err = r.readData(p); n > 0 {
				return n, nil
			}
		case r.state == inElement:
			replaced, err := r.readMembers()
			if r.err = err; replaced {
				return 0, ErrReplaced
			}
		default:
			return 0, io.EOF
		}
	}
}

// nextElement moves to the next element and reads its members up to its data.
func (r *Reader) nextElement() error {
	if err := r.findElement(); err != nil {
		return err
	}
	r.element = Element{}
	c, err := r.lex.next()
	switch {
	case err != nil:
		return err
	case c == '{':
		if err := r.lex.enter(); err != nil {
			return err
		}
		r.state = inElement
		_, err := r.readMembers()
		return err
	case c == 'n':
		return r.lex.literal("null")
	}
	r.malformed(r.lex.offset(), "no object")
	return r.lex.skip()
}

// findElement moves to the start of the next element. It returns io.EOF if there is none.
func (r *Reader) findElement() (err error) {
	for {
		more := true
		switch r.state {
		case atStart:
			err = r.readStart()
		case inResponse:
			if more, err = r.lex.nextMember(); err == nil && more {
				err = r.readMember()
			} else {
				r.state = atEnd
			}
		case inValue:
			if more, err = r.lex.nextValue(); err == nil && more {
				return nil
			}
			r.state = inResponse
		case atEnd:
			return r.readEnd()
		}
		if err != nil {
			return err
		}
	}
}

// readStart enters the response's object.
func (r *Reader) readStart() error {
	if err := r.lex.skipMark(); err != nil {
		return err
	}
	c, err := r.lex.next()
	switch {
	case err != nil:
		return err
	case c == '{':
		r.state = inResponse
		return r.lex.enter()
	case c == 'n':
		r.state = atEnd
		return r.lex.literal("null")
	}
	if err := r.checkValue(); err != nil {
		return err
	}
	return r.lex.errorf("no object")
}

// readEnd returns io.EOF if nothing follows the response's object.
func (r *Reader) readEnd() error {
	c, err := r.lex.next()
	if err == nil {
		return r.lex.unexpected(c, "after top-level value")
	}
	if r.lex.readErr == io.EOF {
		return io.EOF
	}
	return err
}

// readMember reads a member of the response, and of value only its start.
func (r *Reader) readMember() error {
	if !r.isNamed("value") {
		return r.lex.skip()
	}
	c, err := r.lex.next()
	switch {
	case err != nil:
		return err
	case c == '[':
		r.state = inValue
		return r.lex.enter()
	case c == 'n':
		return r.lex.literal("null")
	}
	if err := r.checkValue(); err != nil {
		return err
	}
	return r.lex.errorf("value is no array")
}

// checkValue returns an error unless a value begins here.
func (r *Reader) checkValue() error {
	c, err := r.lex.next()
	if err == nil && !bytes.ContainsRune([]byte(`{["tfn-0123456789`), rune(c)) {
		err = r.lex.unexpected(c, "looking for beginning of value")
	}
	return err
}

func (r *Reader) isNamed(name string) bool { return bytes.EqualFold(r.lex.name, []byte(name)) }

// malformed records an error in the element's content. The first one counts.
func (r *Reader) malformed(offset int64, format string, args ...any) {
	if r.element.Malformed == nil {
		r.element.Malformed = &SyntaxError{Offset: offset, msg: fmt.Sprintf(format, args...)}
	}
}

// readMembers reads members of the element up to its end or the start of its data. It also stops,
// and reports it, at a data member that replaces an earlier one.
func (r *Reader) readMembers() (replaced bool, err error) {
	for err == nil && r.state == inElement && !replaced {
		var more bool
		if more, err = r.lex.nextMember(); err != nil || !more {
			r.state = inValue
			break
		}
		switch e := &r.element; {
		case r.isNamed("data"):
			replaced, err = r.openData()
		case r.isNamed("itemId"):
			err = r.readSmall("itemId", &e.ID, maxID)
		case r.isNamed("changeKey"):
			err = r.readSmall("changeKey", &e.ChangeKey, maxID)
		case r.isNamed("error"):
			err = r.readSmall("error", &e.Error, maxError)
		default:
			err = r.lex.skip()
		}
	}
	return replaced, err
}

// readSmall reads into v a value whose JSON has at most limit bytes.
func (r *Reader) readSmall(name string, v any, limit int) error {
	if _, err := r.lex.next(); err != nil {
		return err
	}
	at := r.lex.offset()
	raw, err := r.lex.capture(limit)
	switch {
	case err != nil:
		return err
	case raw == nil:
		r.malformed(at, "%s of more than %d bytes", name, limit)
	default:
		if text, ok := v.(*string); ok && isPlain(raw) {
			*text = string(raw[1 : len(raw)-1])
		} else if err := json.Unmarshal(raw, v); err != nil {
			r.malformed(at, "%s of another type", name)
		}
	}
	return nil
}

// isPlain reports whether a JSON value is a string of ASCII without escapes.
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
