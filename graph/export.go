package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

const (
	opExport = "export items"

	// maxBatch is how many ids exportItems accepts.
	maxBatch = 20
)

// ErrUnmatched is in the error of an export whose responses do not say which items they have.
var ErrUnmatched = errors.New("the answers do not say which items they are")

// An ItemError is why an item could not be exported. Code is Graph's, such as ErrorCorruptData. If
// Graph gives none, it is the Client's: NotReturned, NoData, NoCode, TruncatedData,
// MalformedResponse, BrokenResponse, NoResponse, or Status500 and the like.
type ItemError struct {
	Code, Message string
	Attempts      int  // requests for the item; at least 1
	Temporary     bool // a later request may return the item
	Alone         bool // that request should be for no other item
}

// An ExportHandler receives the items of an Export. Its calls do not overlap. An error of a call
// ends the export, which returns it.
type ExportHandler interface {
	// Room returns n bytes of the handler's own memory, or nil. The next Data may be decoded there,
	// which saves a copy; otherwise the bytes stay unused.
	Room(n int) []byte

	// Data receives the next bytes of the current item. They are valid during the call, or begin
	// where the memory of the last Room begins. Exported says which item it is.
	Data(p []byte) error

	// Discard voids the bytes that Data received since the last item ended, or since the last
	// Discard.
	Discard()

	// Exported ends the current item. Its stream is what Data received since the last item ended,
	// or since the last Discard: at least one byte.
	Exported(id, changeKey string) error

	// Failed ends an item that could not be exported, for now if e is temporary.
	Failed(id string, e ItemError) error

	// Gone ends an item that the mailbox no longer has.
	Gone(id string) error
}

// Export exports up to 20 items. For each id it calls one of Exported, Failed and Gone, in any
// order. Streams are passed on while they arrive, in memory that does not depend on their length.
// Items that arrived before a response broke are not requested again; the others are, in ever
// smaller groups. An item that fails does not delay the others for long: it fails after few
// attempts, and the caller requests it again later.
//
// Export returns an *Error, without a result for the remaining items, if Graph refuses the whole
// mailbox or no longer answers. Before that it checks whether Graph answers for the mailbox.
//
// https://learn.microsoft.com/graph/api/mailbox-exportitems
func (m *MailboxClient) Export(ctx context.Context, ids []string, h ExportHandler) error {
	if len(ids) > maxBatch {
		return fmt.Errorf("export of %d items: exportItems takes %d", len(ids), maxBatch)
	}
	x := newExport(m, ids, h)
	for len(x.left) > 0 {
		if x.rounds > 0 && !x.anyMoved() && !x.noPause {
			if err := sleep(ctx, x.pause(), waitFor(x.isLimited())); err != nil {
				return err
			}
			m.retries.Add(1)
		}
		if err := x.round(ctx); err != nil {
			return err
		}
	}
	return nil
}

// An export requests items until each has a result.
type export struct {
	m          *MailboxClient
	h          ExportHandler
	items      map[string]*exportItem
	left       []*exportItem // without a result
	rounds     int
	fruitless  int           // rounds in a row without a result
	noPause    bool          // the next round needs no pause
	retryAfter time.Duration // requested by Graph in the last round
}

func newExport(m *MailboxClient, ids []string, h ExportHandler) *export {
	x := &export{m: m, h: h, items: make(map[string]*exportItem, len(ids)), left: make([]*exportItem, 0, len(ids))}
	all, target, most := make([]exportItem, len(ids)), m.url("exportItems"), maxBatch
	if m.unnamed.Load() {
		most = 1
	}
	for i, id := range ids {
		if x.items[id] == nil {
			all[i] = exportItem{id: id, url: target, most: most}
			x.items[id] = &all[i]
			x.left = append(x.left, &all[i])
		}
	}
	return x
}

// round requests the items that are left once, and fails those that had enough attempts. If items
// moved to another mailbox, it requests only these.
func (x *export) round(ctx context.Context) error {
	x.rounds++
	x.retryAfter, x.noPause = 0, false
	items := x.left
	if x.anyMoved() {
		items = slices.DeleteFunc(slices.Clone(x.left), func(it *exportItem) bool { return !it.moved })
	}
	for _, group := range groups(items) {
		group = slices.DeleteFunc(group, func(it *exportItem) bool { return it.done })
		if len(group) == 0 {
			continue // another response contained it
		}
		if err := x.request(ctx, group); err != nil {
			return err
		}
	}
	for _, it := range x.left {
		if !it.done && it.isExhausted() {
			if err := x.fail(it, true); err != nil {
				return err
			}
		}
	}
	before := len(x.left)
	x.left = slices.DeleteFunc(x.left, func(it *exportItem) bool { return it.done })
	if x.fruitless++; len(x.left) < before {
		x.fruitless = 0
	}
	return nil
}

// anyMoved reports whether items have to be requested from another mailbox.
func (x *export) anyMoved() bool {
	return slices.ContainsFunc(x.left, func(it *exportItem) bool { return it.moved })
}

// pause returns the pause before the next round.
func (x *export) pause() time.Duration {
	return max(x.m.client.policy().Pause(max(1, x.fruitless)), x.retryAfter)
}

// isLimited reports whether Graph requested the pause, or is too busy for some items.
func (x *export) isLimited() bool {
	return x.retryAfter > 0 || slices.ContainsFunc(x.left, func(it *exportItem) bool { return isBusy(it.last.Code) })
}

// request sends one request for a group of items and reads the response.
func (x *export) request(ctx context.Context, group []*exportItem) error {
	call, err := exportCall(group[0].url, startAttempt(group))
	if err != nil {
		return err
	}
	reply, err := x.m.open(ctx, call)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if e, ok := errors.AsType[*Error](err); ok {
			return x.refused(ctx, group, e)
		}
		return err
	}
	r := &exportResponse{x: x, url: call.url, reply: reply, group: group, seen: map[*exportItem]bool{}}
	err = r.read()
	reply.close(err == nil)
	if h, ok := errors.AsType[handlerError](err); ok {
		return h.error
	}
	switch {
	case ctx.Err() != nil: // the cause may be the error of another request
		return context.Cause(ctx)
	case err == nil:
		r.countMissing()
		return r.checkMatched()
	case len(r.seen) == 0:
		x.miss(group, r.brokenError(err))
	}
	return nil
}

// uncompressed requests a response without compression. Base64 of an office mix becomes about two
// fifths smaller, and takes more CPU time to decompress than the rest of an export.
var uncompressed = map[string]string{"Accept-Encoding": "identity"}

func exportCall(url string, ids []string) (*call, error) {
	body, err := json.Marshal(map[string][]string{"itemIds": ids})
	return &call{op: opExport, use: useExport, method: http.MethodPost, url: url, body: body, header: uncompressed}, err
}

// exported ends an item whose data is complete.
func (x *export) exported(it *exportItem, changeKey string) error {
	it.done = true
	return x.h.Exported(it.id, changeKey)
}

func (x *export) gone(it *exportItem) error {
	it.done = true
	return x.h.Gone(it.id)
}

// fail ends an item with its last error.
func (x *export) fail(it *exportItem, temporary bool) error {
	it.done = true
	it.last.Attempts, it.last.Temporary, it.last.Alone = it.attempts, temporary, it.doubtful
	return x.h.Failed(it.id, it.last)
}
