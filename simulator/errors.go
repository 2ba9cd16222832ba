package simulator

import (
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// apiError is an answer in Graph's error envelope.
type apiError struct {
	status        int
	code, message string
	headers       [][2]string
	empty         bool   // there is no body
	body          string // in place of the envelope, unless it is empty
	bare          bool   // there is no innerError
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

func refusal(status int, code, format string, args ...any) *apiError {
	return &apiError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// refuse answers with an error.
func (c *call) refuse(e *apiError) {
	h := c.header()
	c.status = e.status
	for _, kv := range e.headers {
		h.Set(kv[0], kv[1])
	}
	if e.empty {
		h.Set("Content-Length", "0")
		c.w.WriteHeader(e.status)
		return
	}
	b := append([]byte(c.effect.mark()), c.envelope(e)...)
	h.Set("Content-Type", "application/json")
	if e.body != "" {
		b = []byte(e.body)
		h.Set("Content-Type", "text/html")
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	c.w.WriteHeader(e.status)
	_, _ = c.w.Write(b) // a client that is gone needs no answer
}

// envelope is an error in JSON.
func (c *call) envelope(e *apiError) []byte {
	b := appendString([]byte(`{"error":{"code":`), e.code)
	b = appendString(append(b, `,"message":`...), e.message)
	if !e.bare {
		b = append(b, `,"innerError":{"date":"`...)
		b = c.started.AppendFormat(b, "2006-01-02T15:04:05")
		b = appendString(append(b, `","request-id":`...), c.requestID)
		b = appendString(append(b, `,"client-request-id":`...), orDefault(c.clientRequestID(), c.requestID))
		b = append(b, '}')
	}
	return append(b, "}}"...)
}

// idError is the answer to an id that names nothing.
func idError(err error) *apiError {
	if errors.Is(err, errMalformedID) {
		return refusal(http.StatusBadRequest, "ErrorInvalidIdMalformed", "Id is malformed.")
	}
	return refusal(http.StatusNotFound, "ErrorItemNotFound", "The specified object was not found in the store.")
}

// newGUID makes a random GUID: request ids differ though the seed is the same.
func newGUID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	r := rng(binary.LittleEndian.Uint64(b[:]))
	return r.guid()
}
