package exportjson

import (
	"fmt"
	"io"
)

const (
	// maxDepth is how deep values nest, as in encoding/json.
	maxDepth = 10000

	// maxName holds any spelling of a name that is known; longer names are none.
	maxName = 64

	// maxEscape is the longest escape: a surrogate pair.
	maxEscape = len(`\ud83d\ude00`)

	// maxIdleReads is how many reads in a row may bring nothing.
	maxIdleReads = 100
)

// A SyntaxError tells that a response is not what exportItems sends.
type SyntaxError struct {
	Offset int64 // bytes of the response before the place
	Err    error // why it ended: io.ErrUnexpectedEOF, or a reader's error; nil if it is malformed
	msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d of the response", e.msg, e.Offset)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// A lexer reads JSON from a window on the response. Its methods that read a value
// or a part of one leave the place behind it.
type lexer struct {
	src     io.Reader
	buf     []byte // at least maxEscape bytes
	r, w    int    // buf[r:w] is read and not consumed
	base    int64  // the offset of buf[0] in the response
	readErr error  // of src, once it gave one
	depth   int
	name    []byte // the name read last, unescaped

	capturing bool
	captured  []byte // consumed bytes while capturing, at most limit+1
	limit     int
}

func (x *lexer) offset() int64 { return x.base + int64(x.r) }

func (x *lexer) errorf(format string, args ...any) error {
	return &SyntaxError{Offset: x.offset(), msg: fmt.Sprintf(format, args...)}
}

func (x *lexer) unexpected(c byte, where string) error {
	return x.errorf("invalid character %q %s", c, where)
}

// fill reads more behind what is there, which moves to the start of the buffer.
func (x *lexer) fill() error {
	copy(x.buf, x.buf[x.r:x.w])
	x.base += int64(x.r)
	x.r, x.w = 0, x.w-x.r
	for range maxIdleReads {
		if x.readErr != nil {
			break
		}
		var n int
		n, x.readErr = x.src.Read(x.buf[x.w:])
		x.w += n
		if n > 0 {
			return nil
		}
	}
	at := x.base + int64(x.w)
	switch x.readErr {
	case nil:
		return &SyntaxError{Offset: at, Err: io.ErrNoProgress, msg: "no progress"}
	case io.EOF:
		return &SyntaxError{Offset: at, Err: io.ErrUnexpectedEOF, msg: "unexpected end"}
	}
	return &SyntaxError{Offset: at, Err: x.readErr, msg: "broken off (" + x.readErr.Error() + ")"}
}

// need makes sure that n bytes, at most maxEscape, are in the window.
func (x *lexer) need(n int) error {
	for x.w-x.r < n {
		if err := x.fill(); err != nil {
			return err
		}
	}
	return nil
}

// byteOrderMark is UTF-8's, which some gateways put before JSON.
const byteOrderMark = "\xef\xbb\xbf"

// skipMark consumes a byte order mark, if the response begins with one.
func (x *lexer) skipMark() error {
	if c, err := x.peek(); err != nil || c != byteOrderMark[0] {
		return nil // a missing start is the next reader's error
	}
	if err := x.need(len(byteOrderMark)); err != nil {
		return err
	}
	if string(x.buf[x.r:x.r+len(byteOrderMark)]) == byteOrderMark {
		x.advance(len(byteOrderMark))
	}
	return nil
}

// advance consumes n bytes of the window.
func (x *lexer) advance(n int) {
	if x.capturing {
		keep := min(n, x.limit+1-len(x.captured))
		x.captured = append(x.captured, x.buf[x.r:x.r+keep]...)
	}
	x.r += n
}

// peek returns the next byte.
func (x *lexer) peek() (byte, error) {
	if x.r == x.w {
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
	return x.buf[x.r], nil
}

// next consumes white space and returns the byte behind it.
func (x *lexer) next() (byte, error) {
	for {
		c, err := x.peek()
		if err != nil || c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, err
		}
		x.advance(1)
	}
}

// enter consumes the byte that opens an object or an array.
func (x *lexer) enter() error {
	if x.depth++; x.depth > maxDepth {
		return x.errorf("exceeded max depth")
	}
	x.advance(1)
	return nil
}

func (x *lexer) leave() {
	x.depth--
	x.advance(1)
}

// object reads the object that begins here. It calls member at the value of every
// member, to read it; name holds the member's name until then.
func (x *lexer) object(member func() error) error {
	if err := x.enter(); err != nil {
		return err
	}
	c, err := x.next()
	for first := true; err == nil && (c != '}' || !first); first = false {
		if c != '"' {
			return x.unexpected(c, "looking for beginning of object key string")
		}
		if err := x.readName(); err != nil {
			return err
		}
		if c, err = x.next(); err != nil {
			return err
		}
		if c != ':' {
			return x.unexpected(c, "after object key")
		}
		x.advance(1)
		if err := member(); err != nil {
			return err
		}
		if c, err = x.next(); err != nil {
			return err
		}
		if c == '}' {
			break
		}
		if c != ',' {
			return x.unexpected(c, "after object key:value pair")
		}
		x.advance(1)
		c, err = x.next()
	}
	if err == nil {
		x.leave()
	}
	return err
}

// array reads the array that begins here. It calls element at every element, to
// read it.
func (x *lexer) array(element func() error) error {
	if err := x.enter(); err != nil {
		return err
	}
	c, err := x.next()
	if err != nil {
		return err
	}
	for c != ']' {
		if err := element(); err != nil {
			return err
		}
		if c, err = x.next(); err != nil {
			return err
		}
		if c == ']' {
			break
		}
		if c != ',' {
			return x.unexpected(c, "after array element")
		}
		x.advance(1)
		if c, err = x.next(); err != nil {
			return err
		}
		if c == ']' {
			return x.unexpected(c, "looking for beginning of value")
		}
	}
	x.leave()
	return nil
}

// skip reads one value of any kind.
func (x *lexer) skip() error {
	c, err := x.next()
	if err != nil {
		return err
	}
	switch {
	case c == '{':
		return x.object(x.skip)
	case c == '[':
		return x.array(x.skip)
	case c == '"':
		return x.skipString()
	case c == 't':
		return x.literal("true")
	case c == 'f':
		return x.literal("false")
	case c == 'n':
		return x.literal("null")
	case c == '-' || '0' <= c && c <= '9':
		return x.number()
	}
	return x.unexpected(c, "looking for beginning of value")
}

// literal reads want.
func (x *lexer) literal(want string) error {
	for i := range len(want) {
		c, err := x.peek()
		if err != nil {
			return err
		}
		if c != want[i] {
			return x.unexpected(c, "in literal "+want)
		}
		x.advance(1)
	}
	return nil
}

// number reads a number.
func (x *lexer) number() error {
	c, err := x.peek()
	if err == nil && c == '-' {
		x.advance(1)
		c, err = x.peek()
	}
	if err == nil && c == '0' {
		x.advance(1)
		c, err = x.peek()
	} else if err == nil {
		c, err = x.digits("in numeric literal")
	}
	if err == nil && c == '.' {
		x.advance(1)
		c, err = x.digits("after decimal point in numeric literal")
	}
	if err == nil && (c == 'e' || c == 'E') {
		x.advance(1)
		c, err = x.peek()
		if err == nil && (c == '+' || c == '-') {
			x.advance(1)
		}
		if err == nil {
			_, err = x.digits("in exponent of numeric literal")
		}
	}
	return err
}

// digits reads at least one digit, and returns the byte behind them.
func (x *lexer) digits(where string) (byte, error) {
	for n := 0; ; n++ {
		c, err := x.peek()
		if err != nil {
			return 0, err
		}
		if c < '0' || c > '9' {
			if n == 0 {
				return 0, x.unexpected(c, where)
			}
			return c, nil
		}
		x.advance(1)
	}
}

// capture reads one value and returns its JSON, or nil if that is longer than
// limit. The bytes are valid until the next call.
func (x *lexer) capture(limit int) ([]byte, error) {
	if _, err := x.next(); err != nil {
		return nil, err
	}
	x.capturing, x.limit, x.captured = true, limit, x.captured[:0]
	err := x.skip()
	x.capturing = false
	if err != nil || len(x.captured) > limit {
		return nil, err
	}
	return x.captured, nil
}
