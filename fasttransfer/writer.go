package fasttransfer

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// RecordSize is the largest payload of a record, in bytes. Exchange Online uses no other size for
// full records.
const RecordSize = 31680

// headerSize is the size of the opcode and the length before each payload.
const headerSize = 8

// The opcodes of a stream that carries one item.
const (
	opConfig             = 1
	opTransferBuffer     = 2
	opIsInterfaceOk      = 3
	opTellPartnerVersion = 4
)

// copyTo is the transfer method of exported items.
const copyTo = 1

// interfaceFlags are the copy flags that the service sends with the interface.
const interfaceFlags = 0x80002400

// Writer writes one stream. It keeps one record in memory, whatever the size of the item. After an
// error, its methods do nothing, and Close returns the error. A Writer is for one goroutine.
type Writer struct {
	dst    io.Writer
	record []byte // the header of the record and the payload so far
	atom   []byte // a buffer for an atom
	scopes []scope
	err    error
}

// NewWriter begins a stream on dst: it writes the three header records of a server of version
// 15.20. Each later record is one call of dst's Write.
func NewWriter(dst io.Writer) *Writer {
	w := &Writer{
		dst:    dst,
		record: make([]byte, headerSize, headerSize+RecordSize),
		atom:   make([]byte, 0, 64),
		scopes: []scope{{kind: inMessage}},
	}
	_, err := dst.Write(streamHeader())
	w.fail(err)
	return w
}

// Close writes the last record. It returns the first error of the stream: of the destination, of an
// invalid property, or of a recipient, attachment or embedded message that has no end. It does not
// close the destination.
func (w *Writer) Close() error {
	if len(w.scopes) > 1 {
		w.fail(fmt.Errorf("%s is not ended", w.top().kind))
	}
	w.flush()
	if w.err == nil {
		w.err = errClosed
		return nil
	}
	return w.err
}

// errClosed is the error of writes after Close.
var errClosed = errors.New("fasttransfer: the stream is closed")

// streamHeader returns the records before the message.
func streamHeader() []byte {
	iidMessage := GUID{Data1: 0x00020307, Data4: [8]byte{0xC0, 7: 0x46}}
	u16, u32 := binary.LittleEndian.AppendUint16, binary.LittleEndian.AppendUint32

	b := u32(u32(nil, opConfig), 8)
	b = u32(u32(b, 0), copyTo)

	b = u32(u32(b, opIsInterfaceOk), 24)
	b = u32(iidMessage.appendTo(u32(b, copyTo)), interfaceFlags)

	// 15.20.4566.6022; the high bit of the second word states this packing.
	b = u32(u32(b, opTellPartnerVersion), 6)
	return u16(u16(u16(b, 15<<8|20), 0x8000|4566), 6022)
}

// fail keeps the first error.
func (w *Writer) fail(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("fasttransfer: %w", err)
	}
}

// room returns how many more payload bytes the record takes.
func (w *Writer) room() int {
	return headerSize + RecordSize - len(w.record)
}

// flush writes the record, unless it is empty, and begins the next one.
func (w *Writer) flush() {
	n := len(w.record) - headerSize
	if n == 0 || w.err != nil {
		return
	}
	binary.LittleEndian.PutUint32(w.record, opTransferBuffer)
	binary.LittleEndian.PutUint32(w.record[4:], uint32(n))
	_, err := w.dst.Write(w.record)
	w.fail(err)
	w.record = w.record[:headerSize]
}

// appendAtom appends bytes that must be in one record. They are far fewer than a record takes.
func (w *Writer) appendAtom(b []byte) {
	if w.err != nil {
		return
	}
	if len(b) > w.room() {
		w.flush()
	}
	w.record = append(w.record, b...)
}

// appendBytes appends bytes that may be in several records.
func (w *Writer) appendBytes(b []byte) {
	for len(b) > 0 && w.err == nil {
		if w.room() == 0 {
			w.flush()
			continue
		}
		n := min(len(b), w.room())
		w.record = append(w.record, b[:n]...)
		b = b[n:]
	}
}

// define begins a property. It reports whether the value may follow.
func (w *Writer) define(p Property, kind uint16) bool {
	if w.err == nil {
		w.fail(p.check())
	}
	if w.err == nil {
		w.fail(w.top().property())
	}
	if w.err != nil {
		return false
	}
	w.atom = p.appendTo(w.atom[:0], kind)
	w.appendAtom(w.atom)
	return w.err == nil
}

// length appends the byte length of a variable-size value, or the count of several.
func (w *Writer) length(n int64) bool {
	if n < 0 || n > 1<<32-1 {
		w.fail(fmt.Errorf("value of %d bytes does not fit a 32-bit length", n))
		return false
	}
	w.fixed32(uint32(n))
	return w.err == nil
}
