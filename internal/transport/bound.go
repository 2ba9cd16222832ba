package transport

import (
	"fmt"
	"io"
	"net/http"

	"github.com/mailhaul/mailhaul/repository/store"
)

// endless returns the error of a store whose responses to one call exceed its bound.
func endless(req *http.Request, format string, args ...any) error {
	return &store.Error{
		Kind:   store.Unavailable,
		Reason: "the answers of " + req.URL.Host + " do not end: " + fmt.Sprintf(format, args...),
		Remedy: "the store does not list objects as it should: check the endpoint in --repo and what is between, and run mailhaul doctor",
	}
}

// checkBound counts a request, and refuses one that exceeds the bound of its call.
func checkBound(req *http.Request) error {
	bound := store.BoundOf(req.Context())
	if bound == nil || bound.Send() {
		return nil
	}
	if req.Body != nil {
		req.Body.Close()
	}
	return endless(req, "%d requests were not enough for one page of a list", bound.Requests)
}

// boundBody limits the body of a response as the call's bound says.
func boundBody(resp *http.Response, req *http.Request) {
	if bound := store.BoundOf(req.Context()); bound != nil {
		resp.Body = &boundedBody{resp.Body, req, bound.Bytes, bound.Bytes}
	}
}

type boundedBody struct {
	io.ReadCloser
	req        *http.Request
	left, most int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, endless(b.req, "one page of a list has more than %d bytes", b.most)
	}
	return n, err
}
