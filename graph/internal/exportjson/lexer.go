package exportjson

import (
	"fmt"
	"io"
)

const (
	// maxDepth is how deep values may nest, as in encoding/json.
	maxDepth = 10000

	// maxName is longer than any spelling of a known name.
	maxName = 64

	// maxEscape is the length of the longest escape: a surrogate pair.
	maxEscape = len(`\ud83d\ude00`)

	// maxIdleReads is how many reads in a row may return no bytes.
	maxIdleReads = 100
)

// A SyntaxError describes a response that is malformed or ends early.
type SyntaxError struct {
	Offset int64 // in the response, in bytes
	Err    error // why it ended: io.ErrUnexpectedEOF or the error of a read; nil if it is malformed
	msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s at byte %d of the response", e.msg, e.Offset)
}

func (e *SyntaxError) Unwrap() error { return e.Err }

// A lexer reads JSON from a window on the response. Methods that read a value, or a part of one,
// consume it.
type lexer struct {
	src     io.Reader
	buf     []byte // at least maxEscape bytes
	r, w    int    // buf[r:w], the window, is read and not consumed
	base    int64  // the offset of buf[0] in the response
	readErr error  // of src
	depth   int
	opened  bool   // an object or an array was entered, and nothing in it was read
	name    []byte // of the last member, unescaped

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

// fill moves the window to the start of the buffer and reads more behind it.
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

// need reads until the window has n bytes, at most maxEscape.
func (x *lexer) need(n int) error {
	for x.w-x.r < n {
		if err := x.fill(); err != nil {
			return err
		}
	}
	return nil
}

// byteOrderMark is that of UTF-8, which some gateways put before JSON.
const byteOrderMark = "\xef\xbb\xbf"

// skipMark consumes a byte order mark, if the response begins with one.
func (x *lexer) skipMark() error {
	if c, err := x.peek(); err != nil || c != byteOrderMark[0] {
		return nil // the caller's next read returns the error
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

// peek returns the next byte and does not consume it.
func (x *lexer) peek() (byte, error) {
	if x.r == x.w {
		if err := x.fill(); err != nil {
			return 0, err
		}
	}
	return x.buf[x.r], nil
}

// next consumes white space, and returns the byte behind it as peek does.
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
	x.opened = true
	x.advance(1)
	return nil
}

// more consumes a comma, or the end of the object or the array. It returns false at the end.
func (x *lexer) more(end byte, where string) (bool, error) {
	first := x.opened
	x.opened = false
	c, err := x.next()
	switch {
	case err != nil:
		return false, err
	case c == end:
		x.depth--
		x.advance(1)
		return false, nil
	case first:
		return true, nil
	case c != ',':
		return false, x.unexpected(c, where)
	}
	x.advance(1)
	return true, nil
}

// nextMember advances to the value of the next member of the object that was entered, and reads the
// member's name. Behind the object it returns false.
func (x *lexer) nextMember() (bool, error) {
	if more, err := x.more('}', "after object key:value pair"); err != nil || !more {
		return false, err
	}
	c, err := x.next()
	if err != nil {
		return false, err
	}
	if c != '"' {
		return false, x.unexpected(c, "looking for beginning of object key string")
	}
	if err := x.readName(); err != nil {
		return false, err
	}
	if c, err = x.next(); err != nil {
		return false, err
	}
	if c != ':' {
		return false, x.unexpected(c, "after object key")
	}
	x.advance(1)
	return true, nil
}

// nextValue advances to the next value of the array that was entered. Behind the array it returns
// false.
func (x *lexer) nextValue() (bool, error) {
	if more, err := x.more(']', "after array element"); err != nil || !more {
		return false, err
	}
	c, err := x.next()
	if err == nil && c == ']' {
		err = x.unexpected(c, "looking for beginning of value")
	}
	return err == nil, err
}

// skip reads one value of any kind.
func (x *lexer) skip() error {
	c, err := x.next()
	if err != nil {
		return err
	}
	switch {
	case c == '{', c == '[':
		return x.skipNested(c)
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

// skipNested reads the object or the array that begins here.
func (x *lexer) skipNested(open byte) error {
	err := x.enter()
	for more := true; err == nil; err = x.skip() {
		if open == '{' {
			more, err = x.nextMember()
		} else {
			more, err = x.nextValue()
		}
		if err != nil || !more {
			break
		}
	}
	return err
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
