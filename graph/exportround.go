package graph

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	opExport = "export items"

	// soonAttempts is how often an item is requested before it fails for now.
	soonAttempts = 2

	// maxUnmatched is how many answers in a row to requests for one item may be about
	// none that can be identified.
	maxUnmatched = 5
)

// ErrUnmatched is in the error of an export whose answers do not say which items they are.
var ErrUnmatched = errors.New("the answers do not say which items they are")

// A wanted item is one on its way to a verdict.
type wanted struct {
	id       string
	done     bool
	most     int // how many ids a request for it may have
	attempts int
	last     ItemError // of the last attempt
	alone    bool      // the last attempt was a request for no other item
	doubtful bool      // it may have failed because of another item of the request

	url   string // where to ask for it
	moved bool   // to there, by the last attempt
	hops  []string
}

// missed counts an attempt that did not bring the item.
func (w *wanted) missed(e ItemError) {
	w.attempts++
	w.last, w.doubtful = e, false
}

// missedRequest counts an attempt whose request failed.
func (w *wanted) missedRequest(e *Error) {
	w.missed(ItemError{Code: requestCode(e), Message: e.Error()})
	w.doubtful = true
}

// spent reports whether another request soon would be of no more use. Items that Graph is
// too busy for do not hold up those that they came with.
func (w *wanted) spent() bool {
	if isBusy(w.last.Code) && !w.doubtful && !w.alone {
		return true
	}
	return w.attempts >= soonAttempts && (w.alone || !w.doubtful)
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
	barren     int           // rounds in a row that brought no verdict
	hurry      bool          // the next round needs no pause
	retryAfter time.Duration // what Graph asked for in the last round
}

func newExport(m *MailboxClient, ids []string, h ExportHandler) *export {
	x := &export{m: m, h: h, items: make(map[string]*wanted, len(ids)), left: make([]*wanted, 0, len(ids))}
	all, target, most := make([]wanted, len(ids)), m.url("exportItems"), maxBatch
	if m.unnamed.Load() {
		most = 1
	}
	for i, id := range ids {
		if x.items[id] == nil {
			all[i] = wanted{id: id, url: target, most: most}
			x.items[id] = &all[i]
			x.left = append(x.left, &all[i])
		}
	}
	return x
}

// round asks once for the items that are left, and fails those that are spent. Items
// that moved are requested first, and the others in the next round.
func (x *export) round(ctx context.Context) error {
	x.rounds++
	x.retryAfter, x.hurry = 0, false
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
		if !w.done && w.spent() {
			if err := x.fail(w, true); err != nil {
				return err
			}
		}
	}
	before := len(x.left)
	x.left = slices.DeleteFunc(x.left, func(w *wanted) bool { return w.done })
	if x.barren++; len(x.left) < before {
		x.barren = 0
	}
	return nil
}

// groups puts items together that go into one request.
func groups(items []*wanted) [][]*wanted {
	var groups [][]*wanted
	together := map[string]int{} // the group of a URL that has room
	for _, w := range items {
		at, ok := together[w.url]
		if ok && len(groups[at]) < min(w.most, groups[at][0].most) {
			groups[at] = append(groups[at], w)
			continue
		}
		together[w.url] = len(groups)
		groups = append(groups, []*wanted{w})
	}
	return groups
}

// halve has the items of a group requested in two from now on: what is wrong with one of
// them is found so.
func halve(group []*wanted) {
	for _, w := range group {
		w.most = (len(group) + 1) / 2
	}
}

// moved reports whether there are items to ask another mailbox for.
func (x *export) moved() bool {
	return slices.ContainsFunc(x.left, func(w *wanted) bool { return w.moved })
}

// pause is the time before the next round.
func (x *export) pause() time.Duration {
	return max(x.m.client.backoff(max(1, x.barren)), x.retryAfter)
}

// limited reports whether Graph asked for the pause before the next round, or is too busy for
// some items.
func (x *export) limited() bool {
	return x.retryAfter > 0 || slices.ContainsFunc(x.left, func(w *wanted) bool { return isBusy(w.last.Code) })
}

// ask sends one request for a group of items.
func (x *export) ask(ctx context.Context, group []*wanted) error {
	ids := make([]string, len(group))
	for i, w := range group {
		ids[i], w.moved, w.alone = w.id, false, len(group) == 1
	}
	call, err := exportCall(group[0].url, ids)
	if err != nil {
		return err
	}
	r := &exportResponse{x: x, call: call, group: group}
	err = x.m.do(ctx, call, r.read)
	var e *Error
	switch {
	case r.handlerErr != nil:
		return r.handlerErr
	case ctx.Err() != nil: // its cause may be the error of another request
		return context.Cause(ctx)
	case errors.Is(err, errBroken):
		if len(r.seen) == 0 {
			x.missed(group, r.broken)
		}
		return nil
	case errors.As(err, &e):
		return x.refused(ctx, group, e)
	case err != nil:
		return err
	}
	r.missing()
	return r.unmatched()
}

func exportCall(url string, ids []string) (*call, error) {
	body, err := json.Marshal(map[string][]string{"itemIds": ids})
	return &call{op: opExport, method: http.MethodPost, url: url, body: body, header: asItIs, attempts: exportAttempts}, err
}

// exportAttempts is how often the same request is sent, before its items are requested in
// smaller groups.
func exportAttempts(e *Error) int {
	switch {
	case e.limits():
		return math.MaxInt // as often as the options say
	case e.StatusCode == 0:
		return 2
	}
	return 1
}

// missed counts an attempt at the items of a group whose request failed: one of them may
// be why.
func (x *export) missed(group []*wanted, e *Error) {
	for _, w := range group {
		w.missedRequest(e)
	}
	halve(group)
}

// refused decides what follows from a request that was refused as a whole, or not
// answered. It returns an error if that concerns more than the items of the group.
func (x *export) refused(ctx context.Context, group []*wanted, e *Error) error {
	x.retryAfter = max(x.retryAfter, e.retryAfter)
	switch {
	case !x.m.client.reached.Load(), e.limits(), e.StatusCode == 0 && !e.temporary():
		return e
	case isWhole(e):
		if err := x.m.confirm(ctx, e); err != nil {
			return err
		}
	case e.temporary() && !isPermanent(e.Code):
		if err := x.m.probe(ctx); err != nil {
			return err
		}
		x.missed(group, e)
		return nil
	}
	return x.blame(group, e)
}

// blame looks for the item that a request was refused for, and fails it.
func (x *export) blame(group []*wanted, e *Error) error {
	switch {
	case len(group) > 1:
		halve(group)
		x.hurry = true
		return nil
	case strings.EqualFold(e.Code, codeItemNotFound):
		return x.gone(group[0])
	}
	group[0].missedRequest(e)
	return x.fail(group[0], false)
}

// exported ends an item whose data is whole.
func (x *export) exported(w *wanted, changeKey string) error {
	w.done = true
	return x.h.Exported(w.id, changeKey)
}

func (x *export) gone(w *wanted) error {
	w.done = true
	return x.h.Gone(w.id)
}

// fail ends an item with its last error.
func (x *export) fail(w *wanted, temporary bool) error {
	w.done = true
	w.last.Attempts, w.last.Temporary, w.last.Alone = w.attempts, temporary, w.doubtful
	return x.h.Failed(w.id, w.last)
}
