package graph

import (
	"context"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"
)

// A deadLine connects to a server and, once it is dead, carries nothing any more, without saying so.
type deadLine struct {
	net.Conn
	dead *atomic.Bool
}

func (l *deadLine) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil || !l.dead.Load() {
			return n, err
		}
	}
}

func (l *deadLine) Write(p []byte) (int, error) {
	if l.dead.Load() {
		return len(p), nil
	}
	return l.Conn.Write(p)
}

// TestDeadConnection: a connection of HTTP/2 that has died without a word is given up, and the
// next request goes over another one.
func TestDeadConnection(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Proto)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()

	tr := newTransport(100 * time.Millisecond)
	tr.TLSClientConfig.RootCAs = x509.NewCertPool()
	tr.TLSClientConfig.RootCAs.AddCert(server.Certificate())
	var dead []*atomic.Bool
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := new(net.Dialer).DialContext(ctx, network, addr)
		dead = append(dead, new(atomic.Bool))
		return &deadLine{c, dead[len(dead)-1]}, err
	}
	get := func() (string, error) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := tr.RoundTrip(req)
		if err != nil {
			return "", err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		return string(text), err
	}
	if got, err := get(); got != "HTTP/2.0" || err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	dead[0].Store(true)
	began := time.Now()
	if got, err := get(); err == nil {
		t.Errorf("an answer came over a dead connection: %q", got)
	}
	if took := time.Since(began); took > 9*time.Second {
		t.Errorf("it was given up after %v only", took)
	}
	if got, err := get(); got != "HTTP/2.0" || err != nil || len(dead) != 2 {
		t.Errorf("%q over connection %d, %v", got, len(dead), err)
	}
}
