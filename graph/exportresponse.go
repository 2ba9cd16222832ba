package graph

import (
	"bytes"
	"cmp"
	"io"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

const (
	// maxUseless bounds the elements of a response that are no use.
	maxUseless = 1000

	// maxItemMessage bounds the message of an item's error, without request ids, and its code.
	maxItemMessage = 300

	// truncationMark is at the end of a stream that Exchange could not complete. Whether it is
	// encoded like the stream is not documented.
	truncationMark = "=== Truncated Data ==="
)

// A handlerError is an error of the ExportHandler.
type handlerError struct{ error }

// An exportReader reads the elements of a response and their data.
type exportReader struct {
	*exportjson.Reader
	spare []byte // for data that the handler has no memory for
}

func newExportReader() *exportReader {
	return &exportReader{exportjson.NewReader(), make([]byte, exportjson.ReadSize)}
}

// An exportResponse is the response to one request.
type exportResponse struct {
	x       *export
	url     string // that answered
	reply   *reply
	group   []*exportItem        // requested
	seen    map[*exportItem]bool // items that an element was about
	held    *exportjson.Element  // the only one so far, which does not say which item it is
	unknown int                  // elements about none of the items
	useless int                  // elements

	hasData bool   // the handler has data of the current element
	tail    []byte // the end of the data
}

// read reads the response, and ends items with its elements. It returns a handlerError, or why the
// response broke: items that are left then are requested again.
func (r *exportResponse) read() error {
	m := r.x.m
	m.auxiliary(r.url)
	d := m.client.readers.Get().(*exportReader)
	defer m.client.readers.Put(d)
	d.Reset(r.reply.Body)
	defer d.Reset(nil)
	err := r.readElements(d)
	if err == io.EOF {
		err = r.takeHeld()
	}
	if err != nil {
		r.discard()
	}
	return err
}

// readElements reads elements until an error, which is io.EOF at the response's end.
func (r *exportResponse) readElements(d *exportReader) error {
	for {
		e, err := d.Next()
		if err != nil {
			return err
		}
		if err := r.readData(d, e); err != nil {
			return err
		}
		if err := r.element(e); err != nil {
			return err
		}
	}
}

// readData passes the data of an element to the handler.
func (r *exportResponse) readData(d *exportReader, e *exportjson.Element) error {
	for {
		var buf []byte
		if e.HasData {
			buf = r.x.h.Room(exportjson.ReadSize)
		}
		if buf == nil {
			buf = d.spare
		}
		n, err := d.Read(buf)
		if n > 0 {
			r.release()
			r.hasData = true
			r.keepTail(buf[:n])
			if err := r.x.h.Data(buf[:n]); err != nil {
				return handlerError{err}
			}
		}
		switch err {
		case nil:
		case io.EOF:
			return nil
		case exportjson.ErrReplaced:
			r.discard()
		default:
			return err
		}
	}
}

// element processes an element whose data was read.
func (r *exportResponse) element(e *exportjson.Element) error {
	if e.ID == "" && !e.HasData && e.Error == nil && e.Malformed == nil {
		return r.countUseless(&r.x.m.unrequested) // an empty element
	}
	r.release()
	it := r.x.items[e.ID]
	switch {
	case it == nil && e.ID == "" && r.isOnly():
		held := *e
		r.held = &held
		return nil
	case it == nil:
		r.unknown++
		return r.drop(&r.x.m.unrequested)
	case it.done:
		return r.drop(&r.x.m.duplicates)
	}
	return r.take(it, e)
}

// isOnly reports whether an element without an id can be identified: one item was requested, and no
// element came before.
func (r *exportResponse) isOnly() bool {
	return len(r.group) == 1 && !r.group[0].done && len(r.seen) == 0 && r.unknown == 0
}

// release gives up the element that is held. As another one follows, it cannot be identified.
func (r *exportResponse) release() {
	if r.held != nil {
		r.held = nil
		r.unknown++
		r.x.m.unrequested.Add(1)
		r.discard()
	}
}

// takeHeld takes the element that is held, at the end of the response.
func (r *exportResponse) takeHeld() error {
	e := r.held
	if e == nil {
		return nil
	}
	r.held = nil
	return r.take(r.group[0], e)
}

// take processes the element of an item.
func (r *exportResponse) take(it *exportItem, e *exportjson.Element) error {
	code, message := r.problem(e)
	if code == "" {
		r.seen[it] = true
		r.hasData, r.tail = false, r.tail[:0]
		return handled(r.x.exported(it, e.ChangeKey))
	}
	r.discard()
	if r.seen[it] {
		return r.drop(&r.x.m.duplicates)
	}
	r.seen[it] = true
	switch {
	case strings.EqualFold(code, codeItemNotFound):
		return handled(r.x.gone(it))
	case strings.EqualFold(code, codeMoved):
		err := r.move(it, message)
		if err == nil {
			return nil
		}
		message = err.Error()
	}
	it.miss(r.itemError(code, message))
	if isPermanent(code) {
		return handled(r.x.fail(it, false))
	}
	return nil
}

// handled marks an error of the handler, so that it is not mistaken for one of Graph.
func handled(err error) error {
	if err != nil {
		err = handlerError{err}
	}
	return err
}

// move makes the next round request an item from the mailbox to which it moved. The message has the
// URL of that mailbox's exportItems.
//
// https://learn.microsoft.com/graph/handle-archive-mailbox-redirects
func (r *exportResponse) move(it *exportItem, message string) error {
	to, err := r.x.m.client.base.Moved(r.url, message)
	if err != nil {
		return err
	}
	if it.hops = append(it.hops, r.url); slices.Contains(it.hops, to) || len(it.hops) > maxRedirects {
		return finalf("Graph redirects in a circle, or too often")
	}
	it.url, it.moved = to, true
	return nil
}

// countMissing counts the attempt at items that a complete response did not contain. They are
// requested in smaller groups, and one by one if elements did not say which items they are.
func (r *exportResponse) countMissing() {
	var missing []*exportItem
	for _, it := range r.group {
		if !it.done && !r.seen[it] {
			it.miss(r.itemError(codeNotReturned, "the response came without the item"))
			it.doubtful = true
			missing = append(missing, it)
		}
	}
	halve(missing)
	if r.unknown > 0 {
		for _, it := range missing {
			it.most = 1
		}
	}
}

// checkMatched records whether a complete response says which items its elements are. It returns an
// error if not even responses about one item can be identified.
func (r *exportResponse) checkMatched() error {
	m := r.x.m
	switch {
	case len(r.seen) > 0:
		m.unmatched.Store(0)
	case r.unknown > 0 && len(r.group) > 1:
		m.unnamed.Store(true)
	case r.unknown > 0 && m.unmatched.Add(1) >= maxUnmatched:
		return r.brokenError(finalError{ErrUnmatched})
	}
	return nil
}

// brokenError returns the error of a response that cannot be used because of err.
func (r *exportResponse) brokenError(err error) *Error {
	return &Error{
		Op: opExport, StatusCode: r.reply.StatusCode, Err: err,
		RequestID: r.reply.requestID, ClientRequestID: r.reply.clientRequestID,
	}
}

// problem returns why an element does not have the stream of an item. The code is empty if it has.
func (r *exportResponse) problem(e *exportjson.Element) (code, message string) {
	switch {
	case e.Malformed != nil:
		return codeMalformed, e.Malformed.Error()
	case e.Error != nil && (*e.Error != exportjson.ItemError{} || !r.hasData):
		return cmp.Or(clip(e.Error.Code, maxItemMessage), codeNoCode), e.Error.Message
	case !r.hasData:
		return codeNoData, "the item came without data"
	case bytes.HasSuffix(bytes.TrimRight(r.tail, "\x00\r\n\t "), []byte(truncationMark)):
		return codeTruncated, "Exchange marked the stream as truncated"
	}
	return "", ""
}

// itemError returns an error of an item, with the ids of the request.
func (r *exportResponse) itemError(code, message string) ItemError {
	e := Error{RequestID: r.reply.requestID, ClientRequestID: r.reply.clientRequestID}
	hide := tokenHider(r.reply.Request)
	return ItemError{Code: hide(code), Message: hide(clip(message, maxItemMessage)) + e.requestIDs()}
}

// drop discards an element that is no use, and counts it.
func (r *exportResponse) drop(counter *atomic.Int64) error {
	r.discard()
	return r.countUseless(counter)
}

func (r *exportResponse) countUseless(counter *atomic.Int64) error {
	counter.Add(1)
	if r.useless++; r.useless > maxUseless {
		return finalf("more than %d elements are not for a requested item", maxUseless)
	}
	return nil
}

func (r *exportResponse) discard() {
	if r.hasData {
		r.hasData, r.tail = false, r.tail[:0]
		r.x.h.Discard()
	}
}

// keepTail keeps the last bytes of the data: the truncation mark, and what may follow it.
func (r *exportResponse) keepTail(p []byte) {
	const length = len(truncationMark) + 10
	r.tail = append(r.tail, p[max(0, len(p)-length):]...)
	if over := len(r.tail) - length; over > 0 {
		r.tail = r.tail[:copy(r.tail, r.tail[over:])]
	}
}
