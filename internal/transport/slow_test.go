package transport_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/repository/store"
)

// A burst is a number of bytes that a store sends at once after a pause, some times.
type burst struct {
	pause time.Duration
	bytes int
	times int
}

// send responds with bursts.
func send(w http.ResponseWriter, r *http.Request, bursts []burst) {
	for _, b := range bursts {
		for range b.times {
			select {
			case <-time.After(b.pause):
			case <-r.Context().Done():
				return
			}
			_, _ = w.Write(make([]byte, b.bytes))
			_ = http.NewResponseController(w).Flush()
		}
	}
}

// TestSlowStores: a store that is silent for a minute, or sends next to nothing in one minute, is
// given up. A store on a slow line is not, nor is one whose responses are read slowly.
func TestSlowStores(t *testing.T) {
	for name, c := range map[string]struct {
		answer []burst
		reads  time.Duration // the caller's pause between two reads
		silent bool
		slow   bool
	}{
		"silent":                  {answer: []burst{{2 * time.Minute, 1, 1}}, silent: true},
		"silent after a while":    {answer: []burst{{time.Second, 8000, 30}, {2 * time.Minute, 1, 1}}, silent: true},
		"a byte a second":         {answer: []burst{{time.Second, 1, 1e6}}, slow: true},
		"a byte before each end":  {answer: []burst{{50 * time.Second, 1, 1e6}}, slow: true},
		"slow after a while":      {answer: []burst{{time.Second, 8000, 300}, {time.Second, 1, 1e6}}, slow: true},
		"slow, and read slowly":   {answer: []burst{{time.Second, 1, 1e6}}, reads: time.Second, slow: true},
		"64 kbit/s":               {answer: []burst{{time.Second, 8000, 600}}},
		"64 kbit/s for sixteen":   {answer: []burst{{time.Second, 500, 600}}},
		"with pauses":             {answer: []burst{{50 * time.Second, 32 << 10, 20}}},
		"late and then 64 kbit/s": {answer: []burst{{59 * time.Second, 1, 1}, {time.Second, 8000, 100}}},
		"read slowly":             {answer: []burst{{0, 1 << 20, 4}}, reads: 3 * time.Minute},
		"short":                   {answer: []burst{{10 * time.Second, 1, 4}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				tr, err := transport.New(transport.Options{})
				if err != nil {
					t.Fatal(err)
				}
				defer tr.CloseIdleConnections()
				serve(t, tr, func(w http.ResponseWriter, r *http.Request) { send(w, r, c.answer) })
				var slow *store.Error
				err = get(t, tr, t.Context(), c.reads)
				if errors.Is(err, os.ErrDeadlineExceeded) != c.silent || errors.As(err, &slow) != c.slow || (err == nil) == (c.silent || c.slow) {
					t.Errorf("error is %v", err)
				}
				if slow != nil && (slow.Kind != store.Unavailable || !strings.HasPrefix(slow.Reason, "store:80 sent only")) {
					t.Errorf("slow store: error is %+v", slow)
				}
			})
		})
	}
}

// get reads a response in pieces of at most 512 KiB, with a pause before each.
func get(t *testing.T, tr *transport.Transport, ctx context.Context, pause time.Duration) error {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://store/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := tr.RoundTrip(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	for buf := make([]byte, 512<<10); err == nil; time.Sleep(pause) {
		_, err = io.ReadFull(resp.Body, buf)
	}
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return nil
	}
	return err
}

// TestSlowHeader: a response whose header never ends is given up.
func TestSlowHeader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, err := transport.New(transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		transport.SetDialer(tr, func(context.Context) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				defer server.Close()
				_, _ = bufio.NewReader(server).ReadString('\n')
				_, err := io.WriteString(server, "HTTP/1.1 200 OK\r\nX: ")
				for err == nil {
					time.Sleep(time.Second)
					_, err = io.WriteString(server, "x")
				}
			}()
			return client, nil
		})
		start := time.Now()
		if err := get(t, tr, t.Context(), 0); err == nil || time.Since(start) > 2*time.Minute {
			t.Errorf("after %s, error is %v", time.Since(start), err)
		}
		time.Sleep(2 * time.Second) // of the bubble: the server ends
	})
}

// TestBound: a bounded call sends no more requests and reads no more of a response, and its error
// names the store.
func TestBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr, err := transport.New(transport.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer tr.CloseIdleConnections()
		size := 100
		serve(t, tr, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, strings.Repeat("x", size)) })
		bound := func() context.Context {
			return store.WithBound(t.Context(), &store.Bound{Requests: 3, Bytes: 100})
		}
		ctx := bound()
		for range 3 {
			if err := get(t, tr, ctx, 0); err != nil {
				t.Error(err)
			}
		}
		isEndless := func(err error) bool {
			var e *store.Error
			return errors.As(err, &e) && e.Kind == store.Unavailable && strings.HasPrefix(e.Reason, "the answers of store do not end")
		}
		if err := get(t, tr, ctx, 0); !isEndless(err) {
			t.Errorf("the fourth request: %v", err)
		}
		size = 101
		if err := get(t, tr, bound(), 0); !isEndless(err) {
			t.Errorf("a byte too many: %v", err)
		}
		if err := get(t, tr, t.Context(), 0); err != nil {
			t.Error(err)
		}
	})
}
