package transport

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
)

// An EndlessError is the error of a store whose answers have no end.
type EndlessError struct {
	Host string // and port, if the URL has one
	What string
}

func (e *EndlessError) Error() string { return "the answers of " + e.Host + " do not end: " + e.What }

// Bound returns a context for a call that sends at most this number of requests and reads at
// most this number of bytes of each answer. More of either is an EndlessError.
func Bound(ctx context.Context, requests int, bytes int64) context.Context {
	return context.WithValue(ctx, boundKey{}, &bound{most: requests, bytes: bytes})
}

type boundKey struct{}

type bound struct {
	most  int
	sent  atomic.Int64
	bytes int64
}

// send counts a request, and refuses one too many. No bound is none.
func (b *bound) send(req *http.Request) error {
	if b == nil || b.sent.Add(1) <= int64(b.most) {
		return nil
	}
	if req.Body != nil {
		req.Body.Close()
	}
	return &EndlessError{req.URL.Host, fmt.Sprintf("%d requests were not enough for one page of a list", b.most)}
}

// bounded returns the body of an answer to a request.
func (b *bound) bounded(req *http.Request, body io.ReadCloser) io.ReadCloser {
	if b == nil {
		return body
	}
	return &boundedBody{body, req.URL.Host, b.bytes, b.bytes}
}

type boundedBody struct {
	io.ReadCloser
	host       string
	left, most int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, &EndlessError{b.host, fmt.Sprintf("one page of a list has more than %d bytes", b.most)}
	}
	return n, err
}
