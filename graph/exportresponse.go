package graph

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

const (
	// maxUseless is how many elements of a response may be of no use.
	maxUseless = 1000

	// maxItemMessage bounds what is kept of an item's message, beside request ids.
	maxItemMessage = 300

	// truncated is what Exchange ends a stream with that it could not end otherwise.
	// It is not documented whether it is encoded like the stream.
	truncated = "=== Truncated Data ==="
)

var (
	errBroken  = errors.New("the response broke")
	errHandler = errors.New("the handler refused")
)

// An exportResponse takes one response of exportItems. It implements
// exportjson.Handler.
type exportResponse struct {
	x       *export
	call    *call
	group   []*wanted // what was requested
	reply   *reply
	seen    map[*wanted]bool    // items that it answered for
	held    *exportjson.Element // the only one so far, which does not say which item it is
	strange int                 // elements of none of the items
	useless int                 // elements

	started bool   // data since the last element
	tail    []byte // the end of it

	handlerErr error
	broken     *Error // with errBroken
}

// read reads the response. It returns errBroken or errHandler, which end the call:
// what is left of the items is asked for in another one.
func (r *exportResponse) read(reply *reply) error {
	r.reply, r.seen = reply, map[*wanted]bool{}
	client := r.x.m.client
	r.x.m.answeredBy(r.call.url)
	d := client.decoders.Get().(*exportjson.Decoder)
	defer client.decoders.Put(d)
	err := d.Decode(reply.Body, r)
	if err == nil {
		err = r.takeHeld()
	}
	if err == nil {
		return nil
	}
	r.discard()
	if r.handlerErr != nil {
		return errHandler
	}
	r.broken = &Error{
		Op: opExport, StatusCode: reply.StatusCode, Err: err,
		RequestID: reply.requestID, ClientRequestID: reply.clientRequestID,
	}
	return errBroken
}

// Room implements exportjson.Handler.
func (r *exportResponse) Room(n int) []byte { return r.x.h.Room(n) }

// Data implements exportjson.Handler.
func (r *exportResponse) Data(p []byte) error {
	r.release()
	r.started = true
	r.keepTail(p)
	return r.handled(r.x.h.Data(p))
}

// Restart implements exportjson.Handler.
func (r *exportResponse) Restart() { r.discard() }

// Element implements exportjson.Handler.
func (r *exportResponse) Element(e exportjson.Element) error {
	if e.ID == "" && !e.HasData && e.Error == nil && e.Malformed == nil {
		return r.count(&r.x.m.unasked) // it says nothing
	}
	r.release()
	w := r.x.items[e.ID]
	switch {
	case w == nil && e.ID == "" && r.only():
		r.held = &e
		return nil
	case w == nil:
		r.strange++
		return r.drop(&r.x.m.unasked)
	case w.done:
		return r.drop(&r.x.m.twice)
	}
	return r.take(w, &e)
}

// only reports whether an element that does not say which item it is can be one alone:
// one was requested, and none came before.
func (r *exportResponse) only() bool {
	return len(r.group) == 1 && !r.group[0].done && len(r.seen) == 0 && r.strange == 0
}

// release gives up the element that is held: another one follows, so that nothing shows
// which is the item.
func (r *exportResponse) release() {
	if r.held != nil {
		r.held = nil
		r.strange++
		r.x.m.unasked.Add(1)
		r.discard()
	}
}

// takeHeld takes the element that was the only one of a whole response.
func (r *exportResponse) takeHeld() error {
	e := r.held
	if e == nil {
		return nil
	}
	r.held = nil
	return r.take(r.group[0], e)
}

// take takes the element that is an item's.
func (r *exportResponse) take(w *wanted, e *exportjson.Element) error {
	code, message := r.problem(e)
	if code == "" {
		r.seen[w] = true
		r.started, r.tail = false, r.tail[:0]
		return r.handled(r.x.exported(w, e.ChangeKey))
	}
	r.discard()
	if r.seen[w] {
		return r.drop(&r.x.m.twice)
	}
	r.seen[w] = true
	switch {
	case strings.EqualFold(code, codeItemNotFound):
		return r.handled(r.x.gone(w))
	case strings.EqualFold(code, codeMoved):
		err := r.move(w, message)
		if err == nil {
			return nil
		}
		message = err.Error()
	}
	w.missed(r.itemError(code, message))
	if isPermanent(code) {
		return r.handled(r.x.fail(w, false))
	}
	return nil
}

// move has an item asked for where Graph says that it is: the URL of exportItems of
// another mailbox.
//
// https://learn.microsoft.com/graph/handle-archive-mailbox-redirects
func (r *exportResponse) move(w *wanted, message string) error {
	client := r.x.m.client
	to, err := client.resolve(r.call.url, message)
	if err == nil {
		to, err = client.elsewhere(r.call.url, to)
	}
	if err != nil {
		return err
	}
	if w.hops = append(w.hops, r.call.url); slices.Contains(w.hops, to) || len(w.hops) > maxRedirects {
		return finalf("Graph redirects in a circle, or too often")
	}
	w.url, w.moved = to, true
	return nil
}

// missing counts the attempt for items of the group that a whole response came without.
// Fewer at once may help; where elements did not say which they are, only one at a time.
func (r *exportResponse) missing() {
	var missing []*wanted
	for _, w := range r.group {
		if !w.done && !r.seen[w] {
			w.missed(r.itemError(codeNotReturned, "the response came without the item"))
			w.doubtful = true
			missing = append(missing, w)
		}
	}
	halve(missing)
	if r.strange > 0 {
		for _, w := range missing {
			w.most = 1
		}
	}
}

// unmatched notes whether the response says which items its elements are. It returns an
// error when not even answers about one item can be identified.
func (r *exportResponse) unmatched() error {
	m := r.x.m
	switch {
	case len(r.seen) > 0:
		m.unmatched.Store(0)
	case r.strange > 0 && len(r.group) > 1:
		m.unnamed.Store(true)
	case r.strange > 0 && m.unmatched.Add(1) >= maxUnmatched:
		return &Error{
			Op: opExport, StatusCode: r.reply.StatusCode, Err: finalError{ErrUnmatched},
			RequestID: r.reply.requestID, ClientRequestID: r.reply.clientRequestID,
		}
	}
	return nil
}

// problem returns why an element is not an item's stream, or an empty code.
func (r *exportResponse) problem(e *exportjson.Element) (code, message string) {
	switch {
	case e.Malformed != nil:
		return codeMalformed, e.Malformed.Error()
	case e.Error != nil && (*e.Error != exportjson.ItemError{} || !r.started):
		return firstOf(clip(e.Error.Code, maxItemMessage), codeNoCode), e.Error.Message
	case !r.started:
		return codeNoData, "the item came without data"
	case bytes.HasSuffix(bytes.TrimRight(r.tail, "\x00\r\n\t "), []byte(truncated)):
		return codeTruncated, "Exchange marked the stream as truncated"
	}
	return "", ""
}

// itemError is an error of an item, with the ids of the request.
func (r *exportResponse) itemError(code, message string) ItemError {
	e := Error{RequestID: r.reply.requestID, ClientRequestID: r.reply.clientRequestID}
	hide := tokenHider(r.reply.Request)
	return ItemError{Code: hide(code), Message: hide(clip(message, maxItemMessage)) + e.requestIDs()}
}

// drop counts an element that is of no use, and discards its data.
func (r *exportResponse) drop(counter *atomic.Int64) error {
	r.discard()
	return r.count(counter)
}

func (r *exportResponse) count(counter *atomic.Int64) error {
	counter.Add(1)
	if r.useless++; r.useless > maxUseless {
		return finalf("more than %d elements are no items that were asked for", maxUseless)
	}
	return nil
}

func (r *exportResponse) discard() {
	if r.started {
		r.started, r.tail = false, r.tail[:0]
		r.x.h.Discard()
	}
}

// handled notes an error of the handler, so that none is taken for Graph's.
func (r *exportResponse) handled(err error) error {
	r.handlerErr = err
	return err
}

// keepTail keeps the last bytes of the data, with room for what may follow truncated.
func (r *exportResponse) keepTail(p []byte) {
	const length = len(truncated) + 10
	r.tail = append(r.tail, p[max(0, len(p)-length):]...)
	if over := len(r.tail) - length; over > 0 {
		r.tail = r.tail[:copy(r.tail, r.tail[over:])]
	}
}
