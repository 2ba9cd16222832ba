package transport_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestUploadLimit: two bodies that are sent at the same time take as long together as the limit
// says.
func TestUploadLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit, size = 100 << 10, 1 << 20
		tr, err := transport.New(transport.Options{UploadLimit: limit})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.CloseIdleConnections()
		serve(t, tr, func(_ http.ResponseWriter, r *http.Request) {
			if n, err := io.Copy(io.Discard, r.Body); n != size || err != nil {
				t.Errorf("%d bytes, %v", n, err)
			}
		})
		start := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() { post(t, tr, t.Context(), bytes.NewReader(make([]byte, size))) })
		}
		wg.Wait()
		took := time.Since(start).Seconds()
		if want := 2.0 * size / limit; took < want*0.98 || took > want*1.02 {
			t.Errorf("took %.2f s, expected %.2f", took, want)
		}
	})
}

// TestUploadLimitCancelled: a cancelled request does not wait for the limit.
func TestUploadLimitCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, err := transport.New(transport.Options{UploadLimit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.CloseIdleConnections()
		serve(t, tr, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if err := post(t, tr, ctx, bytes.NewReader(make([]byte, 1<<20))); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error is %v", err)
		}
	})
}

// TestSlowBody: a connection that sends a body for longer than the idle time is not closed.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, err := transport.New(transport.Options{UploadLimit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.CloseIdleConnections()
		serve(t, tr, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
		if err := post(t, tr, t.Context(), bytes.NewReader(make([]byte, 10<<20))); err != nil { // 17 minutes
			t.Error(err)
		}
	})
}

func post(t *testing.T, tr *transport.Transport, ctx context.Context, body io.Reader) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://store/", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return errors.Join(err, resp.Body.Close())
}

// serve connects a transport to a server through pipes in memory.
func serve(t *testing.T, tr *transport.Transport, handler http.HandlerFunc) {
	conns := make(chan net.Conn)
	transport.SetDialer(tr, func(ctx context.Context) (net.Conn, error) {
		client, server := net.Pipe()
		select {
		case conns <- server:
			return client, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	})
	s := &http.Server{Handler: handler}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.Serve(listener{conns, t.Context()})
	}()
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		_ = s.Close()
		<-done
		time.Sleep(time.Second) // of the bubble: the server's connections end within half of it
	})
}

type listener struct {
	conns chan net.Conn
	ctx   context.Context
}

func (l listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ctx.Done():
		return nil, net.ErrClosed
	}
}
func (l listener) Close() error   { return nil }
func (l listener) Addr() net.Addr { return &net.TCPAddr{} }

// TestCAFile: the certificates in a file are trusted, and no others are.
func TestCAFile(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, transport.PEM(server.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	for ca, want := range map[string]bool{file: true, "": false} {
		tr, err := transport.New(transport.Options{CAFile: ca})
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: tr}).Get(server.URL)
		if (err == nil) != want {
			t.Errorf("with CA file %q: %v", ca, err)
		}
		if err == nil {
			resp.Body.Close()
		}
		tr.CloseIdleConnections()
	}
	for _, bad := range []string{filepath.Join(t.TempDir(), "none"), os.Args[0]} {
		if _, err := transport.New(transport.Options{CAFile: bad}); err == nil {
			t.Errorf("%s was accepted", bad)
		}
	}
}
