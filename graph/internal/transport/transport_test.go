package transport

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
)

// A deadLine connects to a server and, once it is dead, carries nothing any more, without saying
// so.
type deadLine struct {
	net.Conn
	dead *atomic.Pointer[func()] // what is called for each write; nil: it is alive
}

func (l *deadLine) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil || l.dead.Load() == nil {
			return n, err
		}
	}
}

func (l *deadLine) Write(p []byte) (int, error) {
	if lost := l.dead.Load(); lost != nil {
		(*lost)()
		return len(p), nil
	}
	return l.Conn.Write(p)
}

// TestConnections: each request in flight has a connection to itself, which serves the next one
// unless it has died.
func TestConnections(t *testing.T) {
	var busy sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/together" {
			busy.Done()
			busy.Wait()
		}
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	var dead atomic.Pointer[func()] // of those there are
	var dialed atomic.Int64
	if resp, err := http.Get(server.URL); err == nil { // the default is set up by its first use
		resp.Body.Close()
	}
	tr := New()
	defer tr.CloseIdleConnections()
	tr.TLSClientConfig.RootCAs = x509.NewCertPool()
	tr.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		dialed.Add(1)
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		if dead.Load() != nil {
			return c, err
		}
		return &deadLine{c, &dead}, err
	}
	get := func(ctx context.Context, path string) (string, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
		if err != nil {
			return "", err
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text), err
	}
	const together = 4
	busy.Add(together)
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			if got, err := get(t.Context(), "/together"); got != "HTTP/1.1" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	wg.Wait()
	if got, err := get(t.Context(), "/"); got != "HTTP/1.1" || err != nil || dialed.Load() != together {
		t.Errorf("%q over one of %d connections, %v", got, dialed.Load(), err)
	}
	for range together {
		ctx, cancel := context.WithCancel(t.Context())
		lost := func() { cancel() }
		dead.Store(&lost)
		if got, err := get(ctx, "/"); err == nil {
			t.Errorf("an answer came over a dead connection: %q", got)
		}
	}
	if got, err := get(t.Context(), "/"); got != "HTTP/1.1" || err != nil || dialed.Load() != together+1 {
		t.Errorf("%q over one of %d connections, %v", got, dialed.Load(), err)
	}
}
