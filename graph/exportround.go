package graph

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	opExport = "export items"

	// togetherAttempts is how often an item is asked for together with others.
	togetherAttempts = 2

	// itemAttempts is how often an item is asked for, unless its error says that the
	// service is busy: then it is MaxAttempts.
	itemAttempts = 5

	// maxUnanswered is how many items in a row may fail because requests for them are
	// not answered. Beyond, it is not the items that fail.
	maxUnanswered = 60
)

// A wanted item is one on its way to a verdict.
type wanted struct {
	id       string
	done     bool
	alone    bool // it is asked for without others
	attempts int
	last     ItemError // of the last attempt
	request  *Error    // of the last attempt, if it was the request that failed
	busy     bool      // the last error tells of the service, not of the item

	url   string // where to ask for it
	moved bool   // to there, by the last attempt
	hops  []string
}

// missed counts an attempt that did not bring the item.
func (w *wanted) missed(e ItemError) {
	w.attempts++
	w.last, w.request, w.busy = e, nil, isBusy(e.Code)
}

// missedRequest counts an attempt whose request failed.
func (w *wanted) missedRequest(e *Error) {
	w.missed(ItemError{Code: requestCode(e), Message: e.Error()})
	w.request, w.busy = e, false
}

// requestCode is the code of an item whose request failed.
func requestCode(e *Error) string {
	switch {
	case e.Code != "":
		return e.Code
	case e.StatusCode == 0:
		return codeNoResponse
	case e.Err != nil:
		return codeBrokenResponse
	}
	return "Status" + strconv.Itoa(e.StatusCode)
}

// An export is the way of some items to their verdicts.
type export struct {
	m          *MailboxClient
	h          ExportHandler
	items      map[string]*wanted
	left       []*wanted // those without a verdict
	rounds     int
	retryAfter time.Duration // what Graph asked for in the last round
}

func newExport(m *MailboxClient, ids []string, h ExportHandler) *export {
	x := &export{m: m, h: h, items: make(map[string]*wanted, len(ids)), left: make([]*wanted, 0, len(ids))}
	all, target := make([]wanted, len(ids)), m.url("exportItems")
	for i, id := range ids {
		if x.items[id] == nil {
			all[i] = wanted{id: id, url: target}
			x.items[id] = &all[i]
			x.left = append(x.left, &all[i])
		}
	}
	return x
}

// round asks once for the items that are left, and fails those whose attempts are
// used up. Items that moved are asked for first, and the others in the next round.
func (x *export) round(ctx context.Context) error {
	x.rounds++
	x.retryAfter = 0
	ask := x.left
	if x.moved() {
		ask = slices.DeleteFunc(slices.Clone(x.left), func(w *wanted) bool { return !w.moved })
	}
	for _, group := range groups(ask) {
		group = slices.DeleteFunc(group, func(w *wanted) bool { return w.done })
		if len(group) == 0 {
			continue // it came unasked with another
		}
		if err := x.ask(ctx, group); err != nil {
			return err
		}
	}
	for _, w := range x.left {
		if !w.done && w.attempts >= x.patience(w) {
			if err := x.fail(w); err != nil {
				return err
			}
		}
	}
	x.left = slices.DeleteFunc(x.left, func(w *wanted) bool { return w.done })
	return nil
}

// groups puts items together that go into one request.
func groups(items []*wanted) [][]*wanted {
	var groups [][]*wanted
	together := map[string]int{} // the group of a URL
	for _, w := range items {
		at, ok := together[w.url]
		switch {
		case w.alone || w.attempts >= togetherAttempts:
			groups = append(groups, []*wanted{w})
		case ok:
			groups[at] = append(groups[at], w)
		default:
			together[w.url] = len(groups)
			groups = append(groups, []*wanted{w})
		}
	}
	return groups
}

// moved reports whether there are items to ask another mailbox for.
func (x *export) moved() bool {
	return slices.ContainsFunc(x.left, func(w *wanted) bool { return w.moved })
}

func (x *export) patience(w *wanted) int {
	n := x.m.client.opts.MaxAttempts
	if !w.busy {
		n = min(n, itemAttempts)
	}
	return n
}

// pause is the time before the next round.
func (x *export) pause() time.Duration {
	attempts := 1
	for _, w := range x.left {
		attempts = max(attempts, w.attempts)
	}
	return max(x.m.client.backoff(attempts), x.retryAfter)
}

// limited reports whether Graph asked for the pause before the next round, or is too busy for
// some items.
func (x *export) limited() bool {
	return x.retryAfter > 0 || slices.ContainsFunc(x.left, func(w *wanted) bool { return w.busy })
}

// ask sends one request for a group of items.
func (x *export) ask(ctx context.Context, group []*wanted) error {
	ids := make([]string, len(group))
	for i, w := range group {
		ids[i], w.moved = w.id, false
	}
	body, err := json.Marshal(map[string][]string{"itemIds": ids})
	if err != nil {
		return err
	}
	call := &call{op: opExport, method: http.MethodPost, url: group[0].url, body: body, header: asItIs, attempts: exportAttempts}
	r := &exportResponse{x: x, call: call}
	err = x.m.do(ctx, call, r.read)
	var e *Error
	switch {
	case r.handlerErr != nil:
		return r.handlerErr
	case ctx.Err() != nil: // its cause may be the error of another request
		return context.Cause(ctx)
	case errors.Is(err, errBroken):
		if len(r.seen) == 0 {
			missedRequest(group, r.broken)
		}
		return nil
	case errors.As(err, &e):
		return x.refused(ctx, group, e)
	case err == nil:
		r.missing(group)
	}
	return err
}

// exportAttempts is how often the same request is sent, before its items are
// looked at one by one.
func exportAttempts(e *Error) int {
	switch e.StatusCode {
	case http.StatusTooManyRequests:
		return math.MaxInt // as often as the options say
	case http.StatusServiceUnavailable:
		return 4
	case 0:
		return 2
	}
	return 1
}

func missedRequest(group []*wanted, e *Error) {
	for _, w := range group {
		w.missedRequest(e)
	}
}

// refused decides what follows from a request that was refused as a whole, or not
// answered. It returns e if that concerns more than the items of the group.
func (x *export) refused(ctx context.Context, group []*wanted, e *Error) error {
	x.retryAfter = max(x.retryAfter, e.retryAfter)
	gone := strings.EqualFold(e.Code, codeItemNotFound)
	switch {
	case isWhole(e), !x.m.client.reached.Load():
		return e
	case e.StatusCode == 0 || e.throttled():
		if err := x.m.probe(ctx); err != nil {
			return err
		}
		missedRequest(group, e)
	case e.temporary() && !isPermanent(e.Code):
		missedRequest(group, e)
	case len(group) > 1:
		for _, w := range group {
			w.alone = true
		}
	case gone:
		return x.gone(group[0])
	default:
		group[0].missedRequest(e)
		return x.fail(group[0])
	}
	return nil
}

// isWhole reports whether an error concerns the whole mailbox.
func isWhole(e *Error) bool {
	switch e.StatusCode {
	case 0:
		return !e.temporary()
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	case http.StatusNotFound:
		return !strings.EqualFold(e.Code, codeItemNotFound)
	}
	return false
}

// probe finds out, with all patience, whether Graph answers for the mailbox at all:
// if it does, it is certain items that it does not answer for.
func (m *MailboxClient) probe(ctx context.Context) error {
	call := call{op: opExport, method: http.MethodGet, url: m.url("folders") + "?$top=1"}
	err := m.do(ctx, &call, func(*reply) error { return nil })
	var e *Error
	if errors.As(err, &e) && e.StatusCode != 0 && !e.throttled() {
		return nil
	}
	return err
}

// exported ends an item whose data is whole.
func (x *export) exported(w *wanted, changeKey string) error {
	w.done = true
	x.m.failing.Store(0)
	return x.h.Exported(w.id, changeKey)
}

func (x *export) gone(w *wanted) error {
	w.done = true
	x.m.failing.Store(0)
	return x.h.Gone(w.id)
}

// fail ends an item with its last error. It returns an error instead when not even
// requests are answered, for one item after the other.
func (x *export) fail(w *wanted) error {
	if (w.request == nil || isPermanent(w.last.Code)) && !w.busy {
		x.m.failing.Store(0)
	} else if n := x.m.failing.Add(1); n >= maxUnanswered {
		err := w.request
		if err == nil {
			err = &Error{Op: opExport, StatusCode: http.StatusOK, Code: w.last.Code, Message: w.last.Message}
		}
		return fmt.Errorf("exports of %d items in a row failed, the last: %w", n, err)
	}
	w.done = true
	w.last.Attempts = w.attempts
	return x.h.Failed(w.id, w.last)
}
