package simulator

import (
	"cmp"
	"net/http"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/odata"
	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Cut is a way for a response to end too early.
type Cut int

// The ways. The client gets a status of 200 and, except from a mailbox's content, no sign of what
// is missing.
const (
	CutNone  Cut = iota
	CutClean     // the body ends as if it were complete
	CutReset     // the connection is reset; without a response if that is after 0 bytes
	CutStall     // nothing more comes until the client hangs up
)

// Fault says which requests go wrong, and how. A fault may have several effects, and several faults
// may hit one request.
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
	// Skip is how many of those requests pass before the first hit.
	Skip int
	// Every is the distance between hits: after Skip the first request is hit, then every Every-th
	// from there. 0 and 1 hit all.
	Every int
	// Times is how many requests are hit; 1 if zero, no limit if negative.
	Times int
	// For ends the fault this long after its first hit, whatever Times says, unless it is zero.
	For time.Duration

	// Before is called before the request is served. It may change mailboxes.
	Before func()
	// Delay waits before the request is served; the request counts as one that the mailbox serves.
	Delay time.Duration

	// Status refuses the request with this status, unless it is zero.
	Status int
	// Code and Message are those of the error; if empty, the usual ones of the status.
	Code, Message string
	// RetryAfter is sent unchanged: seconds or a date. None is sent if it is empty.
	RetryAfter string
	// Location is sent unchanged, unless it is empty.
	Location string
	// Empty leaves the error's body out.
	Empty bool
	// Body replaces Graph's envelope, as a proxy's error does, unless it is empty.
	Body string
	// Bare leaves innerError out, as Graph does when it throttles.
	Bare bool

	// Cut ends the response after CutAfter bytes of the body. A shorter body is complete.
	Cut      Cut
	CutAfter int64

	// ByteOrderMark puts one before the body, of an answer or an error.
	ByteOrderMark bool
	// Trickle sends the body of an answer byte by byte, with this pause after each.
	Trickle time.Duration

	// Omit and Repeat are how many of the first elements of value are left out, or come twice. With
	// Item it is that element.
	Omit, Repeat int
	// Reverse reverses the order of value.
	Reverse bool
	// Extra is how many items are in an export that were not requested.
	Extra int

	// Corrupt is the id of an item that breaks the pages which show it: they fail with 500, or with
	// CorruptStatus.
	Corrupt       string
	CorruptStatus int
	// Anonymous is the id of an item that lists show without its id.
	Anonymous string
	// Endless ends a page with a nextLink that is new and leads to the same page.
	Endless bool

	// EmptyPage makes a page of a delta that has no elements and a link to where it began.
	EmptyPage bool
	// Replay is how many elements, or changes, too early a page of a delta begins.
	Replay int
	// Expire answers a request with a delta token as if the token had expired.
	Expire Expiry

	// Stale gives the exported or listed items, or Item, as they were before their latest change,
	// with their previous change keys. A replica that is behind does so. Items that never changed
	// are not hit.
	Stale bool
	// NoIDs leaves the ids out of an export: nothing shows which item an element is.
	NoIDs bool
	// Odd writes an export in a way that is unusual but means the same: order of members, escapes,
	// unknown members, spaces.
	Odd bool
	// ItemCode gives an error instead of the exported items, or of Item, with ItemMessage or the
	// code's usual message.
	ItemCode, ItemMessage string

	some rng.Rand // if not zero, it draws which of the items have the error
}

// refusal is the error of a fault with a status.
func (f *Fault) refusal() *odata.Error {
	usual := usualErrors[f.Status]
	e := &odata.Error{Status: f.Status, Code: cmp.Or(f.Code, usual[0], "UnknownError"), Message: cmp.Or(f.Message, usual[1]),
		Empty: f.Empty, Bare: f.Bare, Body: f.Body}
	if f.RetryAfter != "" {
		e.Header = append(e.Header, [2]string{"Retry-After", f.RetryAfter})
	}
	if f.Location != "" {
		e.Header = append(e.Header, [2]string{"Location", f.Location})
	}
	return e
}

// usualErrors are the codes and messages of statuses.
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

// usualItemErrors are the messages of the codes of items.
var usualItemErrors = map[string]string{
	"ErrorItemNotFound":                 "The specified object was not found in the store.",
	"ErrorCorruptData":                  "The data is corrupt.",
	"ErrorInternalServerTransientError": "An internal server error occurred. Try again later.",
	"ErrorMailboxStoreUnavailable":      "The mailbox database is temporarily unavailable.",
	"ErrorAccessDenied":                 "Access is denied. Check credentials and try again.",
	"ErrorTimeoutExpired":               "The request timed out.",
}
