package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

const (
	codeItemNotFound = "ErrorItemNotFound"

	// maxMessage bounds the texts that are kept of what Graph says.
	maxMessage = 2000

	// maxRetryAfter bounds the pause that Graph can ask for.
	maxRetryAfter = 10 * time.Minute
)

// An Error is a request that Graph refused, or that did not reach it. Its text
// quotes both request ids, for Microsoft's support.
type Error struct {
	Op              string // what was asked for, such as "list folders"
	StatusCode      int    // 0 if there was no response
	Code, Message   string // what Graph says
	RequestID       string // Graph's
	ClientRequestID string // the Client's
	Err             error  // why there was no response, or none of use

	innerCode  string
	retryAfter time.Duration
	retryNow   bool // Graph asked for no pause
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	switch {
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		fmt.Fprintf(&b, "%d %s", e.StatusCode, firstOf(e.Code, http.StatusText(e.StatusCode)))
		if e.Message != "" {
			b.WriteString(": " + e.Message)
		}
	}
	b.WriteString(e.requestIDs())
	return b.String()
}

func (e *Error) Unwrap() error { return e.Err }

func (e *Error) requestIDs() string {
	var ids []string
	if e.RequestID != "" {
		ids = append(ids, "request-id "+e.RequestID)
	}
	if e.ClientRequestID != "" {
		ids = append(ids, "client-request-id "+e.ClientRequestID)
	}
	if len(ids) == 0 {
		return ""
	}
	return " (" + strings.Join(ids, ", ") + ")"
}

// temporary reports whether the same request may succeed later.
func (e *Error) temporary() bool {
	switch {
	case e.Err != nil:
		var final interface{ NonRetriable() }
		return !errors.As(e.Err, &final)
	case e.StatusCode == http.StatusRequestTimeout, e.asksToWait(), e.unexplained():
		return true
	}
	return e.StatusCode >= 500 && e.StatusCode != http.StatusNotImplemented
}

// throttled reports whether Graph wants fewer requests.
func (e *Error) throttled() bool {
	return e.StatusCode == http.StatusTooManyRequests || e.StatusCode == http.StatusServiceUnavailable
}

// limits reports whether it is the mailbox that Graph wants fewer requests for. A 503
// that does not say so may be about what was requested.
func (e *Error) limits() bool {
	return e.StatusCode == http.StatusTooManyRequests ||
		e.StatusCode == http.StatusServiceUnavailable && isLimit(e.Code)
}

// asksToWait reports whether Graph wants the request later, however often it says so.
func (e *Error) asksToWait() bool {
	return e.throttled() || e.retryAfter > 0 && (e.StatusCode >= 500 || e.unexplained())
}

// unexplained reports whether a refusal does not come with Graph's reason for it: it may
// be a gateway's, or an accident. What says it all without one is explained.
func (e *Error) unexplained() bool {
	switch e.StatusCode {
	case http.StatusUnauthorized, http.StatusGone:
		return false
	}
	return e.Err == nil && e.Code == "" && e.Message == "" && e.StatusCode/100 == 4
}

// A finalError is one that no repetition mends.
type finalError struct{ error }

func (finalError) NonRetriable() {}

func (e finalError) Unwrap() error { return e.error }

func finalf(format string, args ...any) error { return finalError{fmt.Errorf(format, args...)} }

// statusError reads the error that a response is. Its body is short and in memory.
func statusError(op, clientRequestID string, resp *http.Response) *Error {
	e := &Error{
		Op: op, StatusCode: resp.StatusCode, ClientRequestID: clientRequestID,
		RequestID: clip(resp.Header.Get("request-id"), 100),
	}
	var told bool
	e.retryAfter, told = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	e.retryNow = told && e.retryAfter == 0
	body, _ := runtime.Payload(resp)
	var envelope struct {
		Error struct {
			Code, Message string
			InnerError    struct {
				Code      string
				RequestID string `json:"request-id"`
			}
		}
	}
	if json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, byteOrderMark))).Decode(&envelope) == nil {
		hide := tokenHider(resp.Request)
		e.Code, e.Message = hide(clip(envelope.Error.Code, 200)), hide(clip(envelope.Error.Message, maxMessage))
		e.innerCode = clip(envelope.Error.InnerError.Code, 200)
		e.RequestID = firstOf(e.RequestID, clip(envelope.Error.InnerError.RequestID, 100))
	}
	return e
}

// tokenHider hides the request's token, should a service repeat it.
func tokenHider(req *http.Request) func(string) string {
	if req == nil {
		return strings.Clone
	}
	_, token, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	if token == "" {
		return strings.Clone
	}
	return strings.NewReplacer(token, "(token)").Replace
}

// retryAfter reads a Retry-After header: seconds, or a date. The pause is at most
// maxRetryAfter, and 0 if there is none or it is over.
func retryAfter(header string, now time.Time) (pause time.Duration, told bool) {
	header = strings.TrimSpace(header)
	seconds, err := strconv.ParseFloat(header, 64)
	if err == nil && !math.IsNaN(seconds) {
		pause = time.Duration(max(0, min(seconds, maxRetryAfter.Seconds())) * float64(time.Second))
		return pause, true
	}
	at, err := http.ParseTime(header)
	if err != nil {
		return 0, false
	}
	return min(max(at.Sub(now), 0), maxRetryAfter), true
}

// pageError is the error of a response that could not be read.
func pageError(op string, r *reply, err error) *Error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Op: op, StatusCode: r.StatusCode, RequestID: r.requestID, ClientRequestID: r.clientRequestID, Err: err}
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
