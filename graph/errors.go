package graph

import (
	"bytes"
	"cmp"
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

// Bounds of the texts in an Error, in bytes.
const (
	maxMessage   = 2000
	maxCode      = 200
	maxRequestID = 100
)

// An Error is a request that Graph refused, or that did not reach it. Its text has both request
// ids, for Microsoft's support.
type Error struct {
	Op              string // the operation, such as "list folders"
	StatusCode      int    // 0: there was no response
	Code, Message   string // Graph's
	RequestID       string // Graph's
	ClientRequestID string // the Client's
	Err             error  // why there was no response, or why it could not be read

	innerCode  string
	retryAfter time.Duration
	retryNow   bool // Graph requested a pause of zero
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	switch {
	case e.Err != nil:
		b.WriteString(e.Err.Error())
	default:
		fmt.Fprintf(&b, "%d %s", e.StatusCode, cmp.Or(e.Code, http.StatusText(e.StatusCode)))
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

// statusOf returns the status of an *Error, or 0.
func statusOf(err error) int {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.StatusCode
	}
	return 0
}

// A finalError is one that a repetition does not help. The method marks it for azcore's pipeline.
type finalError struct{ error }

func (finalError) NonRetriable() {}

func (e finalError) Unwrap() error { return e.error }

func finalf(format string, args ...any) error { return finalError{fmt.Errorf(format, args...)} }

// statusError reads the error in a response, whose body is in memory.
func statusError(op, clientRequestID string, resp *http.Response) *Error {
	e := &Error{
		Op: op, StatusCode: resp.StatusCode, ClientRequestID: clientRequestID,
		RequestID: clip(resp.Header.Get("request-id"), maxRequestID),
	}
	var requested bool
	e.retryAfter, requested = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	e.retryNow = requested && e.retryAfter == 0
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
		e.Code, e.Message = hide(clip(envelope.Error.Code, maxCode)), hide(clip(envelope.Error.Message, maxMessage))
		e.innerCode = clip(envelope.Error.InnerError.Code, maxCode)
		e.RequestID = cmp.Or(e.RequestID, clip(envelope.Error.InnerError.RequestID, maxRequestID))
	}
	return e
}

// tokenHider returns a function that hides the request's token in a text of the service.
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

// retryAfter reads a Retry-After header, in seconds or as a date, and reports whether it requests a
// pause. The pause is at most maxRetryAfter, and 0 if its end is in the past.
func retryAfter(header string, now time.Time) (pause time.Duration, requested bool) {
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

// bodyError is the error of a response that could not be read.
func bodyError(op string, r *reply, err error) *Error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return &Error{Op: op, StatusCode: r.StatusCode, RequestID: r.requestID, ClientRequestID: r.clientRequestID, Err: err}
}

// clip returns at most n bytes of s, as valid UTF-8.
func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
