// Package wire writes the bodies of responses: buffered, as base64, at a limited rate, or cut off.
package wire

import (
	"bufio"
	"errors"
	"io"
	"math"
	"sync"
)

// ErrCut ends a body that is cut off.
var ErrCut = errors.New("the response is cut off")

// Body writes a body through a buffer. Like [bufio.Writer], it keeps the first error and returns it
// from Flush.
type Body struct {
	w      io.Writer
	left   int64 // bytes until the cut
	sent   int64
	buf    *bufio.Writer
	base64 Base64
}

var bodies = sync.Pool{New: func() any { return &Body{buf: bufio.NewWriterSize(nil, 32<<10)} }}

// NewBody returns a body that goes to w. It ends with [ErrCut] after cut bytes, unless cut is
// negative.
func NewBody(w io.Writer, cut int64) *Body {
	b := bodies.Get().(*Body)
	b.w, b.left, b.sent = w, math.MaxInt64, 0
	if cut >= 0 {
		b.left = cut
	}
	b.buf.Reset(limited{b})
	return b
}

// Recycle lets another response use the buffers. The body must not be used afterwards.
func (b *Body) Recycle() {
	b.w = nil
	bodies.Put(b)
}

// Write writes p to the buffer.
func (b *Body) Write(p []byte) (int, error) { return b.buf.Write(p) }

// Text writes s to the buffer; Flush returns the error.
func (b *Body) Text(s string) { _, _ = b.buf.WriteString(s) }

// Flush sends the buffer and returns the body's first error.
func (b *Body) Flush() error { return b.buf.Flush() }

// Sent is the number of bytes that have left the buffer.
func (b *Body) Sent() int64 { return b.sent }

// Base64 begins a base64 text within the body, which [Base64.Close] ends. With escape, characters
// that JSON may escape are escaped.
func (b *Body) Base64(escape bool) *Base64 {
	b.base64.Reset(b.buf, escape)
	return &b.base64
}

// limited writes the bytes before the cut.
type limited struct{ *Body }

func (l limited) Write(p []byte) (int, error) {
	if int64(len(p)) <= l.left {
		l.left -= int64(len(p))
		n, err := l.w.Write(p)
		l.sent += int64(n)
		return n, err
	}
	if l.left == 0 {
		return 0, ErrCut // before the header, if nothing was written
	}
	n, err := l.w.Write(p[:l.left])
	l.left, l.sent = l.left-int64(n), l.sent+int64(n)
	if err == nil {
		err = ErrCut
	}
	return n, err
}
