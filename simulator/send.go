package simulator

import (
	"bufio"
	"encoding/base64"
	"errors"
	"io"
	"math"
	"strings"
	"sync"
)

// errCut ends a response where a fault cuts it off.
var errCut = errors.New("the response is cut off")

// sender writes a response body through a buffer, as far as a fault allows.
type sender struct {
	w      io.Writer
	left   int64
	sent   int64
	buf    *bufio.Writer
	base64 encoder
}

var senders = sync.Pool{New: func() any { return &sender{buf: bufio.NewWriterSize(nil, 32<<10)} }}

// newSender returns a sender that cuts the body off after so many bytes, if cut is not negative.
func newSender(w io.Writer, cut int64) *sender {
	s := senders.Get().(*sender)
	s.w, s.left, s.sent = w, math.MaxInt64, 0
	if cut >= 0 {
		s.left = cut
	}
	s.buf.Reset(limited{s})
	return s
}

func (s *sender) recycle() {
	s.w = nil
	senders.Put(s)
}

func (s *sender) Write(p []byte) (int, error) { return s.buf.Write(p) }

func (s *sender) text(p string) {
	_, _ = s.buf.WriteString(p) // the buffer keeps the error
}

// flush sends what is in the buffer and tells the first error of all.
func (s *sender) flush() error { return s.buf.Flush() }

// limited writes the bytes that are left.
type limited struct{ *sender }

func (l limited) Write(p []byte) (int, error) {
	if int64(len(p)) <= l.left {
		l.left -= int64(len(p))
		n, err := l.w.Write(p)
		l.sent += int64(n)
		return n, err
	}
	if l.left == 0 {
		return 0, errCut // and no header
	}
	n, err := l.w.Write(p[:l.left])
	l.left, l.sent = l.left-int64(n), l.sent+int64(n)
	if err == nil {
		err = errCut
	}
	return n, err
}

// encode returns the sender's base64 encoder, emptied; odd makes it escape what need not be.
func (s *sender) encode(odd bool) *encoder {
	s.base64.dst, s.base64.kept, s.base64.odd = s.buf, 0, odd
	return &s.base64
}

// encoder writes base64. Other than the standard library's it encodes what it is given in one go.
type encoder struct {
	dst  io.Writer
	keep [3]byte // bytes that make no whole group yet
	kept int
	buf  []byte
	odd  bool // escape what need not be
}

// oddly escapes characters that JSON may have escaped, as some serialisers do.
var oddly = strings.NewReplacer("+", `\u002B`, "/", `\/`, "=", `\u003d`)

// encoderRoom is how many bytes are encoded at once.
const encoderRoom = 24 << 10

func (e *encoder) Write(p []byte) (int, error) {
	total := len(p)
	if e.kept > 0 {
		n := copy(e.keep[e.kept:], p)
		e.kept += n
		p = p[n:]
		if e.kept < 3 {
			return total, nil
		}
		e.kept = 0
		if err := e.put(e.keep[:]); err != nil {
			return 0, err
		}
	}
	for len(p) >= 3 {
		n := min(len(p)/3*3, encoderRoom)
		if err := e.put(p[:n]); err != nil {
			return 0, err
		}
		p = p[n:]
	}
	e.kept = copy(e.keep[:], p)
	return total, nil
}

// end writes the last group.
func (e *encoder) end() error {
	return e.put(e.keep[:e.kept])
}

func (e *encoder) put(p []byte) error {
	e.buf = base64.StdEncoding.AppendEncode(e.buf[:0], p)
	if e.odd {
		e.buf = []byte(oddly.Replace(string(e.buf)))
	}
	_, err := e.dst.Write(e.buf)
	return err
}
