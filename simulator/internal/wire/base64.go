package wire

import (
	"encoding/base64"
	"io"
	"strings"
)

// Base64 encodes what is written to it. It encodes each write at once, which is faster than the
// standard library's encoder.
type Base64 struct {
	dst    io.Writer
	kept   [3]byte // the first n are bytes of a group that is not complete
	n      int
	buf    []byte
	escape bool
}

// Reset begins a text that goes to dst.
func (e *Base64) Reset(dst io.Writer, escape bool) {
	e.dst, e.n, e.escape = dst, 0, escape
}

// jsonEscapes escapes characters that JSON need not escape, as some serialisers do.
var jsonEscapes = strings.NewReplacer("+", `\u002B`, "/", `\/`, "=", `\u003d`)

// maxEncoded is how many bytes are encoded at once.
const maxEncoded = 24 << 10

// Write encodes p, but keeps up to two bytes until the next call.
func (e *Base64) Write(p []byte) (int, error) {
	total := len(p)
	if e.n > 0 {
		n := copy(e.kept[e.n:], p)
		e.n += n
		p = p[n:]
		if e.n < 3 {
			return total, nil
		}
		e.n = 0
		if err := e.encode(e.kept[:]); err != nil {
			return 0, err
		}
	}
	for len(p) >= 3 {
		n := min(len(p)/3*3, maxEncoded)
		if err := e.encode(p[:n]); err != nil {
			return 0, err
		}
		p = p[n:]
	}
	e.n = copy(e.kept[:], p)
	return total, nil
}

// Close writes the last group. It does not close the destination.
func (e *Base64) Close() error {
	return e.encode(e.kept[:e.n])
}

func (e *Base64) encode(p []byte) error {
	e.buf = base64.StdEncoding.AppendEncode(e.buf[:0], p)
	if e.escape {
		e.buf = []byte(jsonEscapes.Replace(string(e.buf)))
	}
	_, err := e.dst.Write(e.buf)
	return err
}
