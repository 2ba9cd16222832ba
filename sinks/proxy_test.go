package sinks_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// A proxy between a client and a server keeps the requests, and may change their bodies.
type proxy struct {
	addr   string // host:port
	change func(r *http.Request, body []byte)
	echo   []string // headers that answers repeat: they are the last write's

	mu   sync.Mutex
	sent []sent
}

// A sent is a request of the client.
type sent struct {
	method string
	url    *url.URL
	header http.Header
	body   []byte
}

// newProxy starts a proxy. It keeps the Host header if requests are signed.
func newProxy(t *testing.T, server string, keepHost bool) *proxy {
	p := &proxy{change: func(*http.Request, []byte) {}}
	transport := &http.Transport{DisableCompression: true}
	next := &httputil.ReverseProxy{Transport: transport, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: server})
		if keepHost {
			r.Out.Host = r.In.Host
		}
	}, ModifyResponse: func(r *http.Response) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, s := range p.sent {
			for _, name := range p.echo {
				if v := s.header.Get(name); v != "" {
					r.Header.Set(name, v)
				}
			}
		}
		return nil
	}}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.sent = append(p.sent, sent{r.Method, r.URL, r.Header.Clone(), bytes.Clone(body)})
		p.change(r, body)
		p.mu.Unlock()
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	}))
	p.addr = web.Listener.Addr().String()
	t.Cleanup(func() { web.Close(); transport.CloseIdleConnections() })
	return p
}

// writes returns the requests that store objects.
func (p *proxy) writes() []sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	var writes []sent
	for _, s := range p.sent {
		if isWrite(s.method, s.url) {
			writes = append(writes, s)
		}
	}
	return writes
}

// isWrite reports whether a request stores an object, in any store.
func isWrite(method string, u *url.URL) bool {
	return method == http.MethodPut || method == http.MethodPost && len(u.Query()["uploadType"]) > 0
}
