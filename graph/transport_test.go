package graph_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// TestGzip reads compressed responses, some of them cut off, and checks that exports do not request
// compression.
func TestGzip(t *testing.T) {
	s := &exportServer{script: map[string][]string{"b": {missing, fine}}}
	cutNext := true
	m := openReached(t, func(w http.ResponseWriter, r *http.Request) {
		want := map[string]string{http.MethodGet: "gzip", http.MethodPost: "identity"}[r.Method]
		if got := r.Header.Get("Accept-Encoding"); got != want {
			t.Errorf("%s accepts %q", r.Method, got)
		}
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(rec.Body.Bytes())
		_ = z.Close()
		w.Header().Set("Content-Encoding", "gzip")
		body := b.Bytes()
		if cutNext = !cutNext; cutNext {
			body = body[:len(body)-9]
		}
		_, _ = w.Write(body)
	})
	v := newResults(t)
	if err := m.Export(t.Context(), []string{"a", "b", "c"}, v); err != nil {
		t.Fatal(err)
	}
	v.expect([]string{"a", "b", "c"}, nil)
}

// A slowBody returns a number of bytes after each pause.
type slowBody struct {
	io.Reader
	done  <-chan struct{} // of the request
	pause time.Duration
	bytes int // after each pause
	left  int // of these
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.left == 0 {
		select {
		case <-time.After(b.pause):
			b.left = b.bytes
		case <-b.done:
			return 0, context.Canceled
		}
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

func (b *slowBody) Close() error { return nil }

// TestIdleTimeout checks that responses which stall or are far too slow are aborted, and slow ones
// are not.
func TestIdleTimeout(t *testing.T) {
	const nothing = "nothing came for 2m0s"
	long := strings.Repeat(" ", 1<<20)
	tests := []struct {
		name          string
		status        int
		header, pause time.Duration
		bytes         int
		padding       string
		err           string
	}{
		{"late", 200, 121 * time.Second, 0, 1, "", nothing},
		{"almost late", 200, 119 * time.Second, 0, 1, "", ""},
		{"stalls", 200, 0, 121 * time.Second, 1, "", nothing},
		{"trickles", 200, 0, time.Second, 1, long, "only 120 bytes came in 2m0s"},
		{"trickles in pieces", 200, 0, 119 * time.Second, 4000, long, "only 8000 bytes came in 3m58s"},
		{"short, in pieces", 200, 0, 119 * time.Second, 4000, "", ""},
		{"a quarter of 64 kbit/s", 200, 0, time.Second, 2000, long, ""},
		{"bursts", 200, 0, 119 * time.Second, 1 << 17, long, ""},
		{"an error that trickles", 404, 0, time.Second, 1 << 10, long + long, "404"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			send := transport(func(r *http.Request) (*http.Response, error) {
				select {
				case <-time.After(tt.header):
				case <-r.Context().Done():
					return nil, r.Context().Err()
				}
				body := &slowBody{strings.NewReader(`{"primaryMailboxId":"x","error":{"code":"c"}}` + tt.padding), r.Context().Done(), tt.pause, tt.bytes, 0}
				return &http.Response{StatusCode: tt.status, Header: http.Header{}, Body: body, Request: r}, nil
			})
			c, began := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: send, MaxAttempts: 1}), time.Now()
			_, err := c.Mailboxes(t.Context(), "a", false)
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%s: %v", tt.name, err)
			}
			if took := time.Since(began); tt.err != "" && took > 4*time.Minute {
				t.Errorf("%s: took %v", tt.name, took)
			}
		})
	}
}

// TestSlowHandlerIsNoStall checks that the time of the handler does not count for the response.
func TestSlowHandlerIsNoStall(t *testing.T) {
	s := &exportServer{}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		v := &slowResults{newResults(t)}
		if err := c.Open(mailboxID).Export(t.Context(), []string{"a", "b"}, v); err != nil {
			t.Fatal(err)
		}
		v.expect([]string{"a", "b"}, nil)
		if n := len(s.sizes()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

type slowResults struct{ *results }

func (v *slowResults) Data(p []byte) error {
	time.Sleep(time.Hour)
	return v.results.Data(p)
}

// TestStalledExport checks that items before a stall are kept.
func TestStalledExport(t *testing.T) {
	s := &exportServer{}
	stalled := false
	synctest.Test(t, func(t *testing.T) {
		answer := inProcess(s.ServeHTTP)
		send := transport(func(r *http.Request) (*http.Response, error) {
			resp, err := answer(r)
			if err != nil || r.Method == http.MethodGet || stalled {
				return resp, err
			}
			stalled = true
			body, _ := io.ReadAll(resp.Body)
			rest := &slowBody{strings.NewReader(""), r.Context().Done(), time.Hour, 1, 0}
			resp.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(body[:len(body)/2]), rest), rest}
			return resp, nil
		})
		m := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: send}).Open(mailboxID)
		v := newResults(t)
		if err := m.Export(t.Context(), someIDs(4), v); err != nil {
			t.Fatal(err)
		}
		v.expect(someIDs(4), nil)
	})
	if sizes := s.sizes(); len(sizes) != 2 || sizes[1] != 3 {
		t.Errorf("requested %v ids", sizes)
	}
}

// A gzipWriter compresses a response.
type gzipWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w *gzipWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func (w *gzipWriter) FlushError() error {
	_ = w.z.Flush()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// TestCompressedExport reads exports that are compressed without being requested so: one that
// breaks, an error, and one that is not gzip.
func TestCompressedExport(t *testing.T) {
	s := &exportServer{script: map[string][]string{"b": {cut, fine}}}
	refused := false
	m := openReached(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Content-Encoding", "gzip")
			packed := &gzipWriter{w, gzip.NewWriter(w)}
			defer packed.z.Close()
			if w = packed; !refused {
				refused = true
				refuse(w, http.StatusTooManyRequests, "ApplicationThrottled", "busy")
				return
			}
		}
		s.ServeHTTP(w, r)
	})
	v := newResults(t)
	if err := m.Export(t.Context(), []string{"a", "b"}, v); err != nil {
		t.Fatal(err)
	}
	v.expect([]string{"a", "b"}, nil)

	m = openReached(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("Content-Encoding", "gzip")
		}
		(&exportServer{}).ServeHTTP(w, r) // which is not what it says
	})
	v = newResults(t)
	err := m.Export(t.Context(), []string{"a"}, v)
	if err == nil && len(v.failed) == 0 || err != nil && !strings.Contains(err.Error(), "gzip") {
		t.Errorf("what is not gzip was taken: %v", err)
	}
}
