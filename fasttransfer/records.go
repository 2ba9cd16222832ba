package fasttransfer

import (
	"encoding/binary"
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

// records writes a stream's records. After an error, its methods do nothing.
type records struct {
	dst    io.Writer
	record []byte // the header of the record and the payload so far
	atom   []byte // a buffer for an atom
	err    error  // the first one
}

func newRecords(dst io.Writer) records {
	return records{dst: dst, record: make([]byte, headerSize, headerSize+RecordSize), atom: make([]byte, 0, 64)}
}

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
func (w *records) fail(err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("fasttransfer: %w", err)
	}
}

// room returns how many more payload bytes the record takes.
func (w *records) room() int {
	return headerSize + RecordSize - len(w.record)
}

// flush writes the record, unless it is empty, and begins the next one.
func (w *records) flush() {
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
func (w *records) appendAtom(b []byte) {
	if w.err != nil {
		return
	}
	if len(b) > w.room() {
		w.flush()
	}
	w.record = append(w.record, b...)
}

// appendBytes appends bytes that may be in several records.
func (w *records) appendBytes(b []byte) {
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

func (w *records) fixed32(v uint32) {
	w.appendAtom(binary.LittleEndian.AppendUint32(w.atom[:0], v))
}

func (w *records) fixed64(v uint64) {
	w.appendAtom(binary.LittleEndian.AppendUint64(w.atom[:0], v))
}

// text appends the length and the units of a string, and a NUL.
func (w *records) text(s string) {
	units := int64(1)
	for _, r := range s {
		if r > 0xFFFF {
			units++
		}
		units++
	}
	if !w.length(2 * units) {
		return
	}
	for _, r := range s {
		if w.room() >= 4 {
			w.record = appendRune(w.record, r)
		} else {
			w.appendBytes(appendRune(w.atom[:0], r))
		}
	}
	w.appendBytes([]byte{0, 0})
}

// pair writes a meta-property with its 32-bit value.
func (w *records) pair(tag, value uint32) {
	w.fixed32(tag)
	w.fixed32(value)
}

// length appends the byte length of a variable-size value, or the count of several.
func (w *records) length(n int64) bool {
	if n < 0 || n > 1<<32-1 {
		w.fail(fmt.Errorf("value of %d bytes does not fit a 32-bit length", n))
		return false
	}
	w.fixed32(uint32(n))
	return w.err == nil
}
