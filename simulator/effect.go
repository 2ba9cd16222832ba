package simulator

import (
	"net"
	"net/http"
	"slices"
	"time"
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

// begin does what comes before the answer, and returns the error that is the answer.
func (e *effect) begin(c *call) error {
	for _, f := range e.faults {
		if f.Before != nil {
			f.Before()
		}
		if f.Delay > 0 {
			wait(c.r, f.Delay)
		}
	}
	for _, f := range e.faults {
		if f.Status != 0 {
			return f.refusal()
		}
	}
	return nil
}

// wait lets time pass, but no longer than the client waits.
func wait(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-r.Context().Done():
	case <-t.C:
	}
}

// arrange is the order of n elements in value. The ids are those that were asked for, if any were.
func (e *effect) arrange(n int, ids []string) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for _, f := range e.faults {
		omitted := f.chosen(order, ids, f.Omit)
		order = slices.DeleteFunc(order, func(i int) bool { return slices.Contains(omitted, i) })
		order = append(order, f.chosen(order, ids, f.Repeat)...)
		if f.Reverse {
			slices.Reverse(order)
		}
	}
	return order
}

// chosen are the first n of the elements or, if the fault is about an item, that one.
func (f *Fault) chosen(order []int, ids []string, n int) []int {
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

// replay is how many elements a page of a delta begins too early.
func (e *effect) replay() int {
	n := 0
	for _, f := range e.faults {
		n += max(0, f.Replay)
	}
	return n
}

// empty tells whether a page of a delta has nothing but a link to where it began.
func (e *effect) empty() bool {
	return slices.ContainsFunc(e.faults, func(f *Fault) bool { return f.EmptyPage })
}

// mark is what stands before a body.
func (e *effect) mark() string {
	if slices.ContainsFunc(e.faults, func(f *Fault) bool { return f.ByteOrderMark }) {
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

// stale reports whether an item is given as it was before its latest change.
func (e *effect) stale(id string) bool {
	return slices.ContainsFunc(e.faults, func(f *Fault) bool { return f.Stale && (f.Item == "" || f.Item == id) })
}

// nameless reports whether the elements of an export have no ids.
func (e *effect) nameless() bool {
	return slices.ContainsFunc(e.faults, func(f *Fault) bool { return f.NoIDs })
}

// odd tells whether an export is spelt in an odd way.
func (e *effect) odd() bool {
	return slices.ContainsFunc(e.faults, func(f *Fault) bool { return f.Odd })
}

// itemError is the error that an item is given instead of its stream, or nil.
func (e *effect) itemError(id string) *apiError {
	for _, f := range e.faults {
		if f.ItemCode != "" && (f.Item == "" || f.Item == id) && f.hits(id) {
			return &apiError{code: f.ItemCode, message: orDefault(f.ItemMessage, usualItemErrors[f.ItemCode])}
		}
	}
	return nil
}

// hits tells whether a fault that is about some items is about this one.
func (f *Fault) hits(id string) bool {
	if f.some == 0 {
		return true
	}
	r := f.some
	for i := range len(id) {
		r ^= rng(id[i])
		r.next()
	}
	return r.chance(200)
}

// end ends a response that is cut off.
func (e *effect) end(c *call) {
	switch e.cut {
	case CutReset:
		e.reset(c)
	case CutStall:
		_ = http.NewResponseController(c.w).Flush()
		<-c.r.Context().Done()
	}
}

// reset breaks the connection, as rudely as it can.
func (e *effect) reset(c *call) {
	control := http.NewResponseController(c.w)
	if e.cutAfter > 0 {
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

// unasked returns the ids of up to n items that a request did not ask for.
func (s *Server) unasked(m *mailbox, n int, asked []string) []string {
	var ids []string
	for number := uint64(0); number < m.count && len(ids) < n; number++ {
		id := s.sealer.encode(m, kindItem, number)
		if _, ok := m.there(number); ok && !slices.Contains(asked, id) {
			ids = append(ids, id)
		}
	}
	return ids
}
