package fasttransfer

import (
	"errors"
	"fmt"
	"io"
)

// Writer writes one stream. It keeps one record in memory, whatever the size of the item. After an
// error, its methods do nothing, and Close returns the error. A Writer is for one goroutine.
type Writer struct {
	records
	scopes []scope
}

// NewWriter begins a stream on dst: it writes the three header records of a server of version
// 15.20. Each later record is one call of dst's Write.
func NewWriter(dst io.Writer) *Writer {
	w := &Writer{records: newRecords(dst), scopes: []scope{{kind: inMessage}}}
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
