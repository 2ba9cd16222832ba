package azure

import (
	"net/http"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/repository/store"
)

// A sender sends a client's requests through a transport. It follows no redirects, and unlike
// http.Client it puts no URL into errors: the URL may hold a SAS token.
type sender struct{ *transport.Transport }

func (s sender) Do(req *http.Request) (*http.Response, error) { return s.RoundTrip(req) }

// A storeSender accepts only a blob service's successful responses. The client would take any page
// with status 200 for an object, and the page of a redirect contains the URL.
type storeSender struct{ *transport.Transport }

func (s storeSender) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.RoundTrip(req)
	if err != nil || resp.StatusCode >= http.StatusBadRequest || isService(req, resp) {
		return resp, err
	}
	resp.Body.Close()
	return nil, &store.Error{Kind: store.Other, Reason: "what answers is no Azure Blob Storage"}
}

// isService reports whether a response is a blob service's, which does not redirect.
func isService(req *http.Request, resp *http.Response) bool {
	if resp.Header.Get("X-Ms-Request-Id") == "" || resp.StatusCode >= http.StatusMultipleChoices && resp.StatusCode != http.StatusNotModified {
		return false
	}
	q := req.URL.Query()
	isOfObject := (req.Method == http.MethodGet || req.Method == http.MethodHead) && !q.Has("comp") && !q.Has("restype")
	return !isOfObject || resp.Header.Get("Last-Modified") != ""
}
