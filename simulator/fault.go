package simulator

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Cut is a way for a response to end too early.
type Cut int

// The ways. The client has got a status of 200 and, except from a mailbox's content, no sign of what is missing.
const (
	CutNone  Cut = iota
	CutClean     // the body ends as if that were all
	CutReset     // the connection is reset; without a response if that is after 0 bytes
	CutStall     // nothing more comes until the client hangs up
)

// Fault says which requests go wrong, and how. Several of the effects may come together, and several faults on one request.
type Fault struct {
	// Operation is the kind of request that the fault is for; any if empty.
	Operation Operation
	// Mailbox is the id of the mailbox that it is for; any if empty.
	Mailbox string
	// Folder is the id, or well-known name, that the path must have; any if empty.
	Folder string
	// Item is the id that the path must have, or that must be among those to export; any if empty.
	Item string
	// LargerThan limits it to requests for pages of more elements, unless it is zero.
	LargerThan int
	// Linked limits it to requests that follow a nextLink.
	Linked bool
	// Skip lets so many of those requests through first.
	Skip int
	// Every is the distance between hits: after Skip the first request is hit, then every Every-th from there. 0 and 1 hit all.
	Every int
	// Times is how many are hit; 1 if zero, no limit if negative.
	Times int
	// For ends the fault so long after its first hit, whatever Times says, unless it is zero.
	For time.Duration

	// Before is called before the request is served. It may change mailboxes.
	Before func()
	// Delay waits before the request is served; its place in the mailbox stays taken.
	Delay time.Duration

	// Status refuses the request with this status, unless it is zero.
	Status int
	// Code and Message are the error's; if empty, what is usual for the status.
	Code, Message string
	// RetryAfter is sent as it is: seconds or a date. None is sent if it is empty.
	RetryAfter string
	// Location is sent as it is, unless empty.
	Location string
	// Empty leaves the error's body out.
	Empty bool
	// Body is the error's body in place of Graph's envelope, as from a proxy, unless it is empty.
	Body string
	// Bare leaves innerError out, as throttling does.
	Bare bool

	// Cut ends the response after CutAfter bytes of the body. A body that is shorter comes whole.
	Cut      Cut
	CutAfter int64

	// ByteOrderMark puts one before the body, of an answer or an error.
	ByteOrderMark bool
	// Trickle sends the body of an answer a byte at a time, with this pause after each.
	Trickle time.Duration

	// Omit and Repeat leave out, or give twice, so many of the first elements of value. With Item it is that element.
	Omit, Repeat int
	// Reverse turns the order of value around.
	Reverse bool
	// Extra adds to an export so many items that were not asked for.
	Extra int

	// Corrupt is the id of an item that breaks the pages which show it: they are answered with 500, or with CorruptStatus.
	Corrupt       string
	CorruptStatus int
	// Endless ends a page with a nextLink that is new and leads to the same page.
	Endless bool

	// EmptyPage leaves a page of a delta without elements, with a link to where it began.
	EmptyPage bool
	// Replay begins a page of a delta so many elements, or changes, too early.
	Replay int
	// Expire answers a request with a delta token as if that had expired.
	Expire Expiry

	// Stale gives the items exported or listed, or Item, as they were before their latest change, with the change key of then,
	// as a replica does that is behind. Items that never changed are not hit.
	Stale bool
	// NoIDs leaves the ids out of an export: what an element belongs to shows in nothing.
	NoIDs bool
	// Odd spells an export in a way that is unusual but means the same: order of members, escapes, unknown members, spaces.
	Odd bool
	// ItemCode gives an error in place of the items exported, or of Item; ItemMessage may go with it.
	ItemCode, ItemMessage string

	some rng // if not zero, some of the items and not all have the error
}

// Injection is a fault that was injected.
type Injection struct {
	fault  Fault
	faults *faults
	seen   int
	hits   int
	first  time.Time // the first hit
}

// faults are those that are injected.
type faults struct {
	mu  sync.Mutex
	all []*Injection
}

// Inject makes requests go wrong from now on.
func (s *Server) Inject(f Fault) *Injection {
	i := &Injection{fault: f, faults: &s.faults}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.all = append(s.faults.all, i)
	return i
}

// Hits is how often the fault has hit.
func (i *Injection) Hits() int {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	return i.hits
}

// Remove ends the fault. What it has begun to do to a request goes on.
func (i *Injection) Remove() {
	i.faults.mu.Lock()
	defer i.faults.mu.Unlock()
	i.faults.all = slices.DeleteFunc(i.faults.all, func(other *Injection) bool { return other == i })
}

// strike returns what the faults do to a request, and counts it.
func (f *faults) strike(c *call) effect {
	e := effect{cutAfter: -1}
	if random := c.server.chaos.strike(c); random != nil {
		e.add(random)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.all {
		if i.fault.concerns(c) && i.hit(c.started) {
			e.add(&i.fault)
		}
	}
	f.all = slices.DeleteFunc(f.all, (*Injection).spent)
	return e
}

// spent tells whether the fault will hit no more.
func (i *Injection) spent() bool {
	times := orDefault(i.fault.Times, 1)
	return times >= 0 && i.hits >= times
}

// hit counts a request that the fault is for, and tells whether it is hit.
func (i *Injection) hit(now time.Time) bool {
	i.seen++
	over := i.seen - i.fault.Skip - 1
	if over < 0 || over%max(i.fault.Every, 1) != 0 || i.spent() || i.expired(now) {
		return false
	}
	if i.hits++; i.hits == 1 {
		i.first = now
	}
	return true
}

// expired reports whether the fault's time is over.
func (i *Injection) expired(now time.Time) bool {
	return i.fault.For > 0 && i.hits > 0 && now.Sub(i.first) >= i.fault.For
}

// concerns tells whether the fault is for a request.
func (f *Fault) concerns(c *call) bool {
	switch {
	case f.Operation != "" && f.Operation != c.op:
	case f.Mailbox != "" && (c.box == nil || !strings.EqualFold(f.Mailbox, c.box.id)):
	case f.Folder != "" && f.Folder != c.folderKey:
	case f.Item != "" && f.Item != c.itemKey && !slices.Contains(c.ids, f.Item):
	case f.LargerThan > 0 && c.pageSize() <= f.LargerThan:
	case f.Linked && !c.linked():
	default:
		return true
	}
	return false
}

// refusal is the error that a fault with a status answers with.
func (f *Fault) refusal() *apiError {
	usual := usualErrors[f.Status]
	e := &apiError{status: f.Status, code: orDefault(f.Code, orDefault(usual[0], "UnknownError")), message: orDefault(f.Message, usual[1]),
		empty: f.Empty, bare: f.Bare, body: f.Body}
	if f.RetryAfter != "" {
		e.headers = append(e.headers, [2]string{"Retry-After", f.RetryAfter})
	}
	if f.Location != "" {
		e.headers = append(e.headers, [2]string{"Location", f.Location})
	}
	return e
}

// usualErrors are the codes and messages that come with a status.
var usualErrors = map[int][2]string{
	http.StatusBadRequest:          {"BadRequest", "The request is malformed."},
	http.StatusUnauthorized:        {"InvalidAuthenticationToken", "Lifetime validation failed, the token is expired."},
	http.StatusForbidden:           {"ErrorAccessDenied", "Access is denied. Check credentials and try again."},
	http.StatusNotFound:            {"ErrorItemNotFound", "The specified object was not found in the store."},
	http.StatusConflict:            {"ErrorIrresolvableConflict", "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item."},
	http.StatusGone:                {"SyncStateNotFound", "The sync state generation is not found."},
	http.StatusTooManyRequests:     {"ApplicationThrottled", "Application is over its MailboxConcurrency limit."},
	http.StatusInternalServerError: {"ErrorInternalServerError", "An internal server error occurred. The operation failed."},
	http.StatusBadGateway:          {"BadGateway", "The gateway got an invalid response."},
	http.StatusServiceUnavailable:  {"ErrorServerBusy", "The server is busy. Please try again later."},
	http.StatusGatewayTimeout:      {"GatewayTimeout", "The gateway did not get a response in time."},
}

// usualItemErrors are the messages that come with the codes of items.
var usualItemErrors = map[string]string{
	"ErrorItemNotFound":                 "The specified object was not found in the store.",
	"ErrorCorruptData":                  "The data is corrupt.",
	"ErrorInternalServerTransientError": "An internal server error occurred. Try again later.",
	"ErrorMailboxStoreUnavailable":      "The mailbox database is temporarily unavailable.",
	"ErrorAccessDenied":                 "Access is denied. Check credentials and try again.",
	"ErrorTimeoutExpired":               "The request timed out.",
}
