package simulator

import (
	"cmp"
	"context"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
	"github.com/mailhaul/mailhaul/simulator/internal/wire"
)

// effect is what all faults together do to one request.
type effect struct {
	faults   []*Fault
	cut      Cut
	cutAfter int64 // negative if there is no cut
	extra    int
}

func (e *effect) add(f *Fault) {
	e.faults = append(e.faults, f)
	if f.Cut != CutNone && (e.cut == CutNone || f.CutAfter < e.cutAfter) {
		e.cut, e.cutAfter = f.Cut, max(0, f.CutAfter)
	}
	e.extra += f.Extra
}

// any reports whether is returns true for one of the faults.
func (e *effect) any(is func(f *Fault) bool) bool { return slices.ContainsFunc(e.faults, is) }

// begin does what comes before the answer, and returns the error that is the answer.
func (e *effect) begin(ctx context.Context) error {
	for _, f := range e.faults {
		if f.Before != nil {
			f.Before()
		}
		if f.Delay > 0 {
			wire.Wait(ctx, f.Delay)
		}
	}
	for _, f := range e.faults {
		if f.Status != 0 {
			return f.refusal()
		}
	}
	return nil
}

// arrange returns the order of n elements in value. The ids are those that were requested, if any
// were.
func (e *effect) arrange(n int, ids []string) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for _, f := range e.faults {
		omitted := f.choose(order, ids, f.Omit)
		order = slices.DeleteFunc(order, func(i int) bool { return slices.Contains(omitted, i) })
		order = append(order, f.choose(order, ids, f.Repeat)...)
		if f.Reverse {
			slices.Reverse(order)
		}
	}
	return order
}

// choose returns the first n of the elements or, if the fault is for an item, that one.
func (f *Fault) choose(order []int, ids []string, n int) []int {
	if n <= 0 {
		return nil
	}
	if f.Item == "" {
		return slices.Clone(order[:min(n, len(order))])
	}
	return slices.DeleteFunc(slices.Clone(order), func(i int) bool { return i >= len(ids) || ids[i] != f.Item })
}

// expiry is how a delta token counts as expired; 0 if it does not.
func (e *effect) expiry() Expiry {
	for _, f := range e.faults {
		if f.Expire != 0 {
			return f.Expire
		}
	}
	return 0
}

// replay is how many elements too early a page of a delta begins.
func (e *effect) replay() int {
	n := 0
	for _, f := range e.faults {
		n += max(0, f.Replay)
	}
	return n
}

func (e *effect) emptyPage() bool { return e.any(func(f *Fault) bool { return f.EmptyPage }) }

func (e *effect) endless() bool { return e.any(func(f *Fault) bool { return f.Endless }) }

func (e *effect) noIDs() bool { return e.any(func(f *Fault) bool { return f.NoIDs }) }

// hidesID reports whether an item is listed without its id.
func (e *effect) hidesID(id string) bool {
	return e.any(func(f *Fault) bool { return f.Anonymous == id })
}

func (e *effect) odd() bool { return e.any(func(f *Fault) bool { return f.Odd }) }

// stale reports whether an item is given as it was before its latest change.
func (e *effect) stale(id string) bool {
	return e.any(func(f *Fault) bool { return f.Stale && (f.Item == "" || f.Item == id) })
}

// mark is what comes before a body.
func (e *effect) mark() string {
	if e.any(func(f *Fault) bool { return f.ByteOrderMark }) {
		return "\ufeff"
	}
	return ""
}

// trickle is the pause after each byte of a body.
func (e *effect) trickle() time.Duration {
	var d time.Duration
	for _, f := range e.faults {
		d = max(d, f.Trickle)
	}
	return d
}

// itemError is the error that replaces an item's stream, or nil.
func (e *effect) itemError(id string) *odata.Error {
	for _, f := range e.faults {
		if f.ItemCode != "" && (f.Item == "" || f.Item == id) && f.hits(id) {
			return &odata.Error{Code: f.ItemCode, Message: cmp.Or(f.ItemMessage, usualItemErrors[f.ItemCode])}
		}
	}
	return nil
}

// hits reports whether a fault that is for some of the items is for this one.
func (f *Fault) hits(id string) bool {
	if f.some == 0 {
		return true
	}
	r := f.some
	for i := range len(id) {
		r ^= rng.Rand(id[i])
		r.Next()
	}
	return r.Chance(200)
}

// corrupt returns the error of a page that shows these items, or nil.
func (e *effect) corrupt(m *hostedMailbox, numbers []uint64) error {
	for _, f := range e.faults {
		if f.Corrupt == "" {
			continue
		}
		for _, n := range numbers {
			if it, ok := m.Item(n); ok && it.ID() == f.Corrupt {
				broken := Fault{Status: cmp.Or(f.CorruptStatus, http.StatusInternalServerError), Code: "ErrorCorruptData"}
				return broken.refusal()
			}
		}
	}
	return nil
}

// turns makes the links of endless lists differ.
var turns atomic.Uint64

// sameLink returns a new link to the page that the request is for.
func (c *call) sameLink() string {
	query := c.r.URL.Query()
	query.Set("turn", strconv.FormatUint(turns.Add(1), 10))
	return c.resource() + "?" + strings.ReplaceAll(query.Encode(), "+", "%20")
}

// end ends a response that is cut off.
func (e *effect) end(w http.ResponseWriter, r *http.Request) {
	switch e.cut {
	case CutReset:
		reset(w, e.cutAfter > 0)
	case CutStall:
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}
}

// reset resets the connection; it sends what was written before if flush is true.
func reset(w http.ResponseWriter, flush bool) {
	control := http.NewResponseController(w)
	if flush {
		_ = control.Flush()
	}
	conn, _, err := control.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 resets the stream
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
