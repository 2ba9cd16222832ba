package graph

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/mailhaul/mailhaul/internal/patience"
)

// Who repeats what. Each level passes on what it cannot solve to the level that requested it.
//
//	level     repeats                                                  how often         pause
//	token     a request refused with 401, with a new token             maxRenewals       none
//	request   a request whose error may pass                           maxAttempts       pauseAfter
//	page      a page that fails, without extended properties, then     to one element,   none
//	          an eighth as long                                        and once more
//	listing   a list whose link or page fails: behind the element      maxUnlisted,      none
//	          that fails, from the last item's time, or from its       maxContinued,
//	          start                                                    maxRestarts
//	items     items that did not come, in smaller groups               maxItemAttempts   export.pause
//	exports   a refused export, with an id of no item, to find out     confirmations     policy
//	          whether the mailbox is refused
//
// The levels are caller.attempt, caller.repeat, pager.fetch, itemWalk.next, export.round and
// MailboxClient.confirm. A limits.Limiter repeats nothing: it delays the requests to a mailbox that
// Graph throttles. The caller of Export requests items again that failed for now.

// maxAttempts says how often a request is sent, by the class of its error and the use of the
// request. Options.MaxRetryTime bounds every request and, unless Graph asks to wait, also
// Options.MaxAttempts.
var maxAttempts = [classes][uses]int{
	// uses: single, page, shortest, ahead, export
	classFinal:    {1, 1, 1, 1, 1},
	classTooMany:  {unlimited, unlimited, unlimited, unlimited, unlimited},
	classLimit:    {unlimited, 3, 4, 2, unlimited},
	classBusy:     {unlimited, 3, 4, 2, 1},
	classLater:    {unlimited, unlimited, unlimited, unlimited, 1},
	classBare:     {5, 5, 5, 5, 1},
	classTimeout:  {unlimited, unlimited, unlimited, unlimited, 1},
	classServer:   {unlimited, 3, 4, 2, 1},
	classNoAnswer: {unlimited, 4, 4, 4, 2},
	classBroken:   {unlimited, 3, 4, 2, 1},
}

const (
	unlimited = math.MaxInt

	// maxUnreached bounds the attempts to reach a host that never answered: its name is probably
	// wrong.
	maxUnreached = 3

	// maxRenewals bounds the tokens in a row that Graph refuses. A token may expire while another
	// one is requested.
	maxRenewals = 3

	// maxItemAttempts is how often an item is requested before it fails for now.
	maxItemAttempts = 2

	// maxUnmatched bounds the responses in a row to requests for one item that do not identify it.
	maxUnmatched = 5

	// confirmations is how often exports have to be refused until the mailbox counts as refused.
	confirmations = 3

	// maxBarePages is how many pages may fail with extended properties and succeed without, until
	// they are no longer requested.
	maxBarePages = 3

	// maxContinued bounds how often a listing continues from the same second, and maxRestarts how
	// often it restarts.
	maxContinued = 3
	maxRestarts  = 1

	// maxUnlisted bounds the items in a row that are skipped because Graph does not list them.
	// If more fail, the items are not the reason.
	maxUnlisted = 8
)

// A class is a kind of error, by what may help.
type class int

const (
	classFinal    class = iota // a repetition does not help
	classTooMany               // 429
	classLimit                 // 503 with a code that names a limit
	classBusy                  // another 503, or a 5xx with Retry-After
	classLater                 // a 4xx without a reason, or a 501, with Retry-After
	classBare                  // a 4xx without a reason: a gateway's, or an accident
	classTimeout               // 408
	classServer                // another 5xx but 501
	classNoAnswer              // the connection failed
	classBroken                // a response of status 2xx that is cut off or malformed
	classes
)

func (e *Error) class() class {
	_, final := errors.AsType[interface {
		error
		NonRetriable()
	}](e.Err)
	server := e.StatusCode >= 500 && e.StatusCode != http.StatusNotImplemented
	switch {
	case final:
		return classFinal
	case e.Err != nil && e.StatusCode == 0:
		return classNoAnswer
	case e.Err != nil:
		return classBroken
	case e.StatusCode == http.StatusTooManyRequests:
		return classTooMany
	case e.StatusCode == http.StatusServiceUnavailable && isLimit(e.Code):
		return classLimit
	case e.StatusCode == http.StatusServiceUnavailable, server && e.retryAfter > 0:
		return classBusy
	case e.retryAfter > 0 && (e.StatusCode >= 500 || e.lacksReason()):
		return classLater
	case e.lacksReason():
		return classBare
	case e.StatusCode == http.StatusRequestTimeout:
		return classTimeout
	case server:
		return classServer
	}
	return classFinal
}

// isTemporary reports whether the same request may succeed later.
func (e *Error) isTemporary() bool { return e.class() != classFinal }

// isLimit reports whether the mailbox gets too many requests. Another 503 may be due to the request
// itself.
func (e *Error) isLimit() bool { return e.class() == classTooMany || e.class() == classLimit }

// isThrottled reports whether Graph wants fewer requests.
func (e *Error) isThrottled() bool {
	return e.StatusCode == http.StatusTooManyRequests || e.StatusCode == http.StatusServiceUnavailable
}

// lacksReason reports whether a refusal comes without Graph's reason. A 401 and a 410 need none.
func (e *Error) lacksReason() bool {
	return e.Err == nil && e.Code == "" && e.Message == "" && e.StatusCode/100 == 4 &&
		e.StatusCode != http.StatusUnauthorized && e.StatusCode != http.StatusGone
}

// A use is what a request is for.
type use int

const (
	useSingle   use = iota // a resource of its own
	usePage                // a page of more than one element
	useShortest            // a page of one element, or of a length that Graph chooses
	useAhead               // a page behind one that failed
	useExport              // items
	uses
)

// attempts is how often the call is sent whose error is e.
func (c *caller) attempts(call *call, e *Error) int {
	n := maxAttempts[e.class()][call.use]
	switch e.class() {
	case classTooMany, classLimit, classBusy, classLater: // Graph asks to wait
	default:
		n = min(n, c.client.opts.MaxAttempts)
	}
	if e.StatusCode == 0 && !c.client.reached.Load() {
		n = min(n, maxUnreached)
	}
	return n
}

// maxPause bounds the pauses of the Client's own; maxRetryAfter those that Graph requests.
const (
	maxPause      = time.Minute
	maxRetryAfter = 10 * time.Minute
)

func (c *Client) policy() patience.Policy {
	return patience.Policy{First: c.opts.RetryDelay, Longest: maxPause, Total: c.opts.MaxRetryTime}
}

// pauseAfter is the pause after a number of attempts, of which the last one met e. It is what Graph
// requests. If Graph throttles and requests nothing it is 15, 30, 45 and then 60 times RetryDelay,
// and up to a tenth more. After other errors it is the policy's.
func (c *Client) pauseAfter(e *Error, attempt int) time.Duration {
	switch {
	case e.retryAfter > 0:
		return e.retryAfter
	case e.isThrottled() && !e.retryNow:
		d := min(15*c.opts.RetryDelay*time.Duration(min(attempt, 4)), maxPause)
		return d + rand.N(d/10+1)
	}
	return c.policy().Pause(attempt)
}

// sleep pauses a call for a reason, which its trace gets.
func sleep(ctx context.Context, d time.Duration, reason Wait) error {
	trace := traceOf(ctx)
	trace.waiting(reason)
	defer trace.waiting(WaitNone)
	return patience.Sleep(ctx, d)
}

// Pause pauses as long as a request does after a number of failed attempts, from 1.
func (m *MailboxClient) Pause(ctx context.Context, attempts int) error {
	return sleep(ctx, m.client.policy().Pause(attempts), WaitLimit)
}
