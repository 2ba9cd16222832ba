package odata

import (
	"fmt"
	"strings"
	"time"
)

// Error is an answer in Graph's error envelope.
type Error struct {
	Status        int
	Code, Message string
	Header        [][2]string
	Empty         bool   // there is no body
	Body          string // replaces the envelope, unless it is empty
	Bare          bool   // there is no innerError
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf returns an error with a formatted message.
func Errorf(status int, code, format string, args ...any) *Error {
	return &Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Inner is what an envelope says of the request.
type Inner struct {
	Date                       time.Time
	RequestID, ClientRequestID string
}

// Envelope returns the error in JSON.
func (e *Error) Envelope(inner Inner) []byte {
	b := AppendString([]byte(`{"error":{"code":`), e.Code)
	b = AppendString(append(b, `,"message":`...), e.Message)
	if !e.Bare {
		b = append(b, `,"innerError":{"date":"`...)
		b = inner.Date.AppendFormat(b, "2006-01-02T15:04:05")
		b = AppendString(append(b, `","request-id":`...), inner.RequestID)
		b = AppendString(append(b, `,"client-request-id":`...), inner.ClientRequestID)
		b = append(b, '}')
	}
	return append(b, "}}"...)
}

// Clip returns at most the first 200 bytes of a text from a request, as valid UTF-8.
func Clip(s string) string {
	return strings.ToValidUTF8(s[:min(len(s), 200)], "")
}
