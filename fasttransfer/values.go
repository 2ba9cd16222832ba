package fasttransfer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf16"
)

// The property types ([MS-OXCDATA] 2.11.1) that writers use. Strings have the code-page type of
// UTF-16LE, code page 1200.
const (
	typeInt16   = 0x0002
	typeInt32   = 0x0003
	typeFloat64 = 0x0005
	typeBool    = 0x000B
	typeInt64   = 0x0014
	typeTime    = 0x0040
	typeGUID    = 0x0048
	typeBinary  = 0x0102
	typeString  = 0x8000 | 1200
	multiple    = 0x1000
)

// epoch1601 is the start of 1601 in Unix seconds; [MS-DTYP] FILETIME counts from there.
const epoch1601 = -11644473600

// Int16 writes a 16-bit integer.
func (w *Writer) Int16(p Property, v int16) {
	if w.define(p, typeInt16) {
		w.appendAtom(binary.LittleEndian.AppendUint16(w.atom[:0], uint16(v)))
	}
}

// Int32 writes a 32-bit integer.
func (w *Writer) Int32(p Property, v int32) {
	if w.define(p, typeInt32) {
		w.fixed32(uint32(v))
	}
}

// Int64 writes a 64-bit integer.
func (w *Writer) Int64(p Property, v int64) {
	if w.define(p, typeInt64) {
		w.fixed64(uint64(v))
	}
}

// Float64 writes a floating-point number.
func (w *Writer) Float64(p Property, v float64) {
	if w.define(p, typeFloat64) {
		w.fixed64(math.Float64bits(v))
	}
}

// Bool writes a boolean, which takes two bytes in a stream.
func (w *Writer) Bool(p Property, v bool) {
	var n uint16
	if v {
		n = 1
	}
	if w.define(p, typeBool) {
		w.appendAtom(binary.LittleEndian.AppendUint16(w.atom[:0], n))
	}
}

// Time writes a time, rounded down to 100 ns. A time before 1601 is an error.
func (w *Writer) Time(p Property, t time.Time) {
	seconds := t.Unix() - epoch1601
	if seconds < 0 || seconds > math.MaxInt64/10_000_000-1 {
		w.fail(fmt.Errorf("property 0x%04X: year %d is out of range", p.id, t.Year()))
		return
	}
	if w.define(p, typeTime) {
		w.fixed64(uint64(seconds)*10_000_000 + uint64(t.Nanosecond()/100))
	}
}

// GUID writes a GUID.
func (w *Writer) GUID(p Property, v GUID) {
	if w.define(p, typeGUID) {
		w.appendAtom(v.appendTo(w.atom[:0]))
	}
}

// String writes a string as UTF-16LE with a NUL after it. Invalid UTF-8 becomes U+FFFD.
func (w *Writer) String(p Property, v string) {
	if w.define(p, typeString) {
		w.text(v)
	}
}

// Strings writes several strings in one property, each as [Writer.String] does.
func (w *Writer) Strings(p Property, v []string) {
	if !w.define(p, typeString|multiple) || !w.length(int64(len(v))) {
		return
	}
	for _, s := range v {
		w.text(s)
	}
}

// Binary writes bytes.
func (w *Writer) Binary(p Property, v []byte) {
	if w.define(p, typeBinary) && w.length(int64(len(v))) {
		w.appendBytes(v)
	}
}

// Binaries writes several byte strings in one property.
func (w *Writer) Binaries(p Property, v [][]byte) {
	if !w.define(p, typeBinary|multiple) || !w.length(int64(len(v))) {
		return
	}
	for _, b := range v {
		if !w.length(int64(len(b))) {
			return
		}
		w.appendBytes(b)
	}
}

// BinaryFrom writes n bytes from r, at most 4 GiB - 1, while it reads them. If r ends early, the
// stream fails with [io.ErrUnexpectedEOF]. It reads no more than n bytes.
func (w *Writer) BinaryFrom(p Property, r io.Reader, n int64) {
	if !w.define(p, typeBinary) || !w.length(n) {
		return
	}
	for n > 0 && w.err == nil {
		if w.room() == 0 {
			w.flush()
			continue
		}
		used := len(w.record)
		part := w.record[used : used+int(min(n, int64(w.room())))]
		if _, err := io.ReadFull(r, part); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			w.fail(fmt.Errorf("property 0x%04X: %d bytes missing: %w", p.id, n, err))
			return
		}
		w.record = w.record[:used+len(part)]
		n -= int64(len(part))
	}
}

// appendRune appends a character in UTF-16LE.
func appendRune(b []byte, r rune) []byte {
	if r > 0xFFFF {
		high, low := utf16.EncodeRune(r)
		b = binary.LittleEndian.AppendUint16(b, uint16(high))
		r = low
	}
	return binary.LittleEndian.AppendUint16(b, uint16(r))
}
