package azure

import (
	"net/http"

	"github.com/mailhaul/mailhaul/internal/transport"
)

// A sender lets a client send through a transport. It follows no redirects, and unlike
// http.Client it puts no URL into errors: a SAS token is in the URL.
type sender struct{ *transport.Transport }

func (s sender) Do(req *http.Request) (*http.Response, error) { return s.RoundTrip(req) }

// A storeSender takes answers of nobody but a blob service. The client would take a page that
// says 200 for an object's, and a redirect's page has the URL in it.
type storeSender struct{ *transport.Transport }

func (s storeSender) Do(req *http.Request) (*http.Response, error) {
	resp, err := s.RoundTrip(req)
	if err != nil || resp.StatusCode >= http.StatusBadRequest || isService(req, resp) {
		return resp, err
	}
	resp.Body.Close()
	return nil, &refused{"what answers is no Azure Blob Storage"}
}

// isService reports whether a blob service answered, which does not redirect.
func isService(req *http.Request, resp *http.Response) bool {
	if resp.Header.Get("X-Ms-Request-Id") == "" || resp.StatusCode >= http.StatusMultipleChoices && resp.StatusCode != http.StatusNotModified {
		return false
	}
	q := req.URL.Query()
	ofObject := (req.Method == http.MethodGet || req.Method == http.MethodHead) && !q.Has("comp") && !q.Has("restype")
	return !ofObject || resp.Header.Get("Last-Modified") != ""
}
