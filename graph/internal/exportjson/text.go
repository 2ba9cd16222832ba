package exportjson

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// before returns the part of p before the first c, all of p if there is none.
func before(p []byte, c byte) []byte {
	if i := bytes.IndexByte(p, c); i >= 0 {
		return p[:i]
	}
	return p
}

// unescaped returns the length of the part of p, which has no quote, before the first backslash or
// control character.
func unescaped(p []byte) int { return controlFree(before(p, '\\')) }

// controlFree returns the length of the part of p before the first control character. It looks at
// 32 bytes at a time: the expression sets the highest bit of the first control character of a word,
// and none before it.
func controlFree(p []byte) int {
	const (
		spaces = 0x2020202020202020
		high   = 0x8080808080808080
	)
	i := 0
	for ; len(p)-i >= 32; i += 32 {
		q := p[i : i+32]
		a, b := binary.LittleEndian.Uint64(q), binary.LittleEndian.Uint64(q[8:])
		c, d := binary.LittleEndian.Uint64(q[16:]), binary.LittleEndian.Uint64(q[24:])
		if ((a-spaces)&^a|(b-spaces)&^b|(c-spaces)&^c|(d-spaces)&^d)&high != 0 {
			break
		}
	}
	for ; i < len(p) && p[i] >= ' '; i++ {
	}
	return i
}

// skipString reads a string.
func (x *lexer) skipString() error {
	x.advance(1)
	quote := x.r // the index of the next quote, or of the window's end; searched when reached
	for {
		if quote <= x.r {
			quote = x.r + len(before(x.buf[x.r:x.w], '"'))
		}
		x.advance(unescaped(x.buf[x.r:quote]))
		n, end := 0, x.base+int64(x.w)
		c, err := x.peek()
		if err != nil {
			return err
		}
		switch {
		case c == '"':
			x.advance(1)
			return nil
		case c == '\\':
			if _, n, err = x.escape(); err != nil {
				return err
			}
		case c < ' ':
			return x.unexpected(c, "in string literal")
		}
		if x.base+int64(x.w) != end {
			quote = x.r // more was read
		}
		x.advance(n)
	}
}

// readName reads the string that names a member. In a value that is captured, names do not matter.
func (x *lexer) readName() error {
	x.name = x.name[:0]
	if x.capturing {
		return x.skipString()
	}
	x.advance(1)
	for {
		p, done, err := x.text()
		if err != nil {
			return err
		}
		x.name = append(x.name, p[:min(len(p), maxName+1-len(x.name))]...)
		if done {
			return nil
		}
	}
}

// raw returns at most limit bytes of a string whose opening quote is consumed, with its escapes.
// The run ends with the string, which then is done, or with the window. It is not consumed.
func (x *lexer) raw(limit int) (run []byte, done bool, err error) {
	if _, err := x.peek(); err != nil {
		return nil, false, err
	}
	window := x.buf[x.r:min(x.w, x.r+limit)]
	run = before(window, '"')
	return run, len(run) < len(window), nil
}

// text returns the next run of a string whose opening quote is consumed: bytes without escapes,
// valid until the next call. The last run, which may be empty, is done, and consumes the closing
// quote. It unescapes within the window.
func (x *lexer) text() (run []byte, done bool, err error) {
	if _, err := x.peek(); err != nil {
		return nil, false, err
	}
	start, end := x.r, x.r
	quote := x.r // as in skipString
	for x.r < x.w {
		if quote <= x.r {
			quote = x.r + len(before(x.buf[x.r:x.w], '"'))
		}
		n := unescaped(x.buf[x.r:quote])
		if end != x.r {
			copy(x.buf[end:], x.buf[x.r:x.r+n])
		}
		end += n
		if x.r += n; x.r == x.w {
			break
		}
		c := x.buf[x.r]
		if c == '"' {
			x.r++
			return x.buf[start:end], true, nil
		}
		if c < ' ' {
			return nil, false, x.unexpected(c, "in string literal")
		}
		if start != end && x.w-x.r < maxEscape {
			break // reading more would move the run
		}
		base, w := x.base, x.w
		decoded, n, err := x.escape()
		if err != nil {
			return nil, false, err
		}
		if x.base != base || x.w != w {
			quote = x.r // more was read
		}
		if start == end {
			start, end = x.r, x.r
		}
		end += utf8.EncodeRune(x.buf[end:x.r+n], decoded)
		x.r += n
	}
	return x.buf[start:end], false, nil
}

// escape returns the character of the next escape, and the escape's length. It consumes nothing.
func (x *lexer) escape() (r rune, n int, err error) {
	if err := x.need(2); err != nil {
		return 0, 0, err
	}
	switch c := x.buf[x.r+1]; c {
	case '"', '\\', '/':
		return rune(c), 2, nil
	case 'b':
		return '\b', 2, nil
	case 'f':
		return '\f', 2, nil
	case 'n':
		return '\n', 2, nil
	case 'r':
		return '\r', 2, nil
	case 't':
		return '\t', 2, nil
	case 'u':
		return x.unicode()
	default:
		return 0, 0, x.unexpected(c, "in string escape code")
	}
}

// unicode is escape for \u. A surrogate without its other half is U+FFFD.
func (x *lexer) unicode() (r rune, n int, err error) {
	const length = len(`\u0000`)
	if err := x.need(length); err != nil {
		return 0, 0, err
	}
	r, ok := hex4(x.buf[x.r+2 : x.r+length])
	if !ok {
		return 0, 0, x.errorf("invalid character in \\u hexadecimal character escape")
	}
	if !utf16.IsSurrogate(r) {
		return r, length, nil
	}
	for i, want := range []byte(`\u`) {
		if err := x.need(length + i + 1); err != nil {
			return 0, 0, err
		}
		if x.buf[x.r+length+i] != want {
			return unicode.ReplacementChar, length, nil
		}
	}
	if err := x.need(2 * length); err != nil {
		return 0, 0, err
	}
	low, ok := hex4(x.buf[x.r+length+2 : x.r+2*length])
	if pair := utf16.DecodeRune(r, low); ok && pair != unicode.ReplacementChar {
		return pair, 2 * length, nil
	}
	return unicode.ReplacementChar, length, nil
}

func hex4(p []byte) (r rune, ok bool) {
	for _, c := range p {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}
