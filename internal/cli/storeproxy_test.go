package cli_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
)

// A storeProxy is a proxy between mailhaul and a store. It counts requests, and calls a function of
// the test when an object is written.
type storeProxy struct {
	addr      string // host:port
	backend   string
	keepHost  bool // the host is signed, or part of the request
	transport http.Transport

	mu     sync.Mutex
	calls  map[string]int // by put, get, head, list and what else there is
	onPut  func(kind string, when phase)
	origin *httptest.Server
}

// A phase of a write.
type phase string

const (
	before phase = "before"        // the store knows nothing of it
	half   phase = "in the middle" // half of its bytes are on their way
	after  phase = "after"         // it is done, and the answer on its way
)

func newStoreProxy(t *testing.T, backend string, keepHost bool) *storeProxy {
	p := &storeProxy{backend: backend, keepHost: keepHost, calls: map[string]int{}}
	p.transport.DisableCompression = true
	p.origin = httptest.NewServer(p)
	p.addr = strings.TrimPrefix(p.origin.URL, "http://")
	t.Cleanup(func() { p.origin.Close(); p.transport.CloseIdleConnections() })
	return p
}

// watch sets the function that is called in each phase of every write of an object.
func (p *storeProxy) watch(onPut func(kind string, when phase)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onPut = onPut
}

// counted returns the numbers of requests since the last call.
func (p *storeProxy) counted() map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	calls := p.calls
	p.calls = map[string]int{}
	return calls
}

func (p *storeProxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the process is gone
	}
	op, kind := classifyCall(r, body)
	p.mu.Lock()
	p.calls[op]++
	onPut := p.onPut
	p.mu.Unlock()
	if op != "put" || onPut == nil {
		onPut = func(string, phase) {}
	}
	onPut(kind, before)
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler)
	}
	resp, err := p.forward(r, body, func() { onPut(kind, half) })
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	onPut(kind, after)
	for name, values := range resp.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(resp.StatusCode)
	_, _ = w.Write(answer)
}

// forward forwards a request, and calls inTheMiddle when half of its body is sent. If its sender is
// gone then, it aborts the request.
func (p *storeProxy) forward(r *http.Request, body []byte, inTheMiddle func()) (*http.Response, error) {
	out := r.Clone(r.Context())
	out.RequestURI, out.URL.Scheme, out.URL.Host = "", "http", p.backend
	if !p.keepHost {
		out.Host = p.backend
	}
	n := len(body) / 2
	out.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:n]), &pause{do: inTheMiddle, gone: r.Context().Err}, bytes.NewReader(body[n:])))
	out.ContentLength = int64(len(body))
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	return p.transport.RoundTrip(out)
}

// A pause is an empty reader that calls a function, and fails if the sender is gone.
type pause struct {
	do   func()
	gone func() error
}

func (p *pause) Read([]byte) (int, error) {
	p.do()
	if p.gone() != nil {
		return 0, errors.New("the sender is gone")
	}
	return 0, io.EOF
}

var kindPatterns = []struct {
	kind    string
	pattern *regexp.Regexp
}{
	{"pack", regexp.MustCompile(`packs/../[0-9a-f]{64}\.zst`)},
	{"segment", regexp.MustCompile(`manifests/../[0-9a-f]{64}\.jsonl\.zst`)},
	{"manifest", regexp.MustCompile(`manifests/../[0-9a-f]{64}\.json`)},
	{"ref", regexp.MustCompile(`refs/.*/[0-9]{20}\.json`)},
	{"config", regexp.MustCompile(`config\.json`)},
}

// kindOf returns the kind of the object with a key.
func kindOf(key string) string {
	for _, k := range kindPatterns {
		if k.pattern.MatchString(key) {
			return k.kind
		}
	}
	return ""
}

// classifyCall returns the operation and the key of a request to S3, Azure or Google. An upload to
// Google has the key in its body.
func classifyCall(r *http.Request, body []byte) (op, kind string) {
	q := r.URL.Query()
	name := r.URL.Path + "?" + q.Get("name")
	google := strings.HasPrefix(r.URL.Path, "/upload/storage/")
	if google {
		name += string(body[:min(len(body), 1000)])
	}
	kind = kindOf(name)
	switch {
	case r.Method == http.MethodPut && kind != "", google:
		return "put", kind
	case r.Method == http.MethodGet && kind == "" && (q.Has("list-type") || q.Get("comp") == "list" || strings.HasSuffix(r.URL.Path, "/o")):
		return "list", ""
	case r.Method == http.MethodGet && kind != "" && strings.HasPrefix(r.URL.Path, "/storage/v1/") && q.Get("alt") != "media":
		return "head", kind // Google's way to ask for attributes
	case r.Method == http.MethodGet && kind != "":
		return "get", kind
	case r.Method == http.MethodHead && kind != "":
		return "head", kind
	}
	return strings.ToLower(r.Method) + " " + r.URL.Path, kind
}
