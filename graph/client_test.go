package graph_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/mailhaul/mailhaul/graph"
)

// newOther starts another server, and returns its URL.
func newOther(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// A rotatingToken gives another token each time that it is asked.
type rotatingToken struct{ n atomic.Int64 }

func (r *rotatingToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: fmt.Sprint("secret", r.n.Add(1)), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

func TestOptions(t *testing.T) {
	token, err := graph.NewCredential("t")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		opts graph.Options
		ok   bool
	}{
		{"Graph", graph.Options{Credential: token}, true},
		{"Graph without a credential", graph.Options{}, false},
		{"loopback without a credential", graph.Options{BaseURL: "http://127.0.0.1:9/beta"}, true},
		{"localhost", graph.Options{BaseURL: "http://LocalHost:9/v1.0/"}, true},
		{"loopback of IPv6", graph.Options{BaseURL: "http://[::1]:9/v1.0"}, true},
		{"plain HTTP", graph.Options{BaseURL: "http://graph.microsoft.com/v1.0", Credential: token}, false},
		{"plain HTTP to a name that looks like loopback", graph.Options{BaseURL: "http://127.0.0.1.example.com", Credential: token}, false},
		{"plain HTTP to any address", graph.Options{BaseURL: "http://0.0.0.0:9", Credential: token}, false},
		{"another scheme", graph.Options{BaseURL: "ftp://127.0.0.1", Credential: token}, false},
		{"a password", graph.Options{BaseURL: "https://a:hunter2@graph.microsoft.com/v1.0", Credential: token}, false},
		{"a query", graph.Options{BaseURL: "https://graph.microsoft.com/v1.0?a", Credential: token}, false},
		{"no host", graph.Options{BaseURL: "https:///v1.0", Credential: token}, false},
		{"no URL", graph.Options{BaseURL: "https://graph\x7f.microsoft.com", Credential: token}, false},
		{"five in flight", graph.Options{Credential: token, MaxInFlight: 5}, false},
		{"negative attempts", graph.Options{Credential: token, MaxAttempts: -1}, false},
	}
	for _, tt := range tests {
		c, err := graph.New(tt.opts)
		if (err == nil) != tt.ok {
			t.Errorf("%s: %v", tt.name, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v shows the password", err)
		}
		if err == nil {
			c.Close()
		}
	}
}

// TestErrorText holds that an error tells what was asked, what Graph said and both
// request ids, and never the token, though Graph repeats it.
func TestErrorText(t *testing.T) {
	var clientID string
	token, err := graph.NewCredential("secret")
	if err != nil {
		t.Fatal(err)
	}
	m := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		clientID = r.Header.Get("client-request-id")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprint(w, `{"error":{"code":"ErrorAccessDenied","message":"secret may not","innererror":{"request-id":"from-body"}}}`)
	}, graph.Options{Credential: token}).Open(mailboxID)
	err = listAll(t, m)
	want := "list items: 403 ErrorAccessDenied: (token) may not (request-id from-body, client-request-id " + clientID + ")"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credential", token)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s", token, token, token, token), log.String()} {
		if strings.Contains(shown, "secret") {
			t.Errorf("%q shows the token", shown)
		}
	}
}

// TestErrorBodies holds that whatever body an error has, it is told and short.
func TestErrorBodies(t *testing.T) {
	for name, body := range map[string]string{
		"empty": "", "HTML": "<html>", "cut": `{"error":{"code":"x`, "other JSON": `[1]`, "null": `{"error":null}`,
		"huge": `{"error":{"code":"` + strings.Repeat("c", 3<<20) + `"}}`, "long": `{"error":{"message":"` + strings.Repeat("é", 100_000) + `"}}`,
	} {
		m := open(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, body)
		})
		err := listAll(t, m)
		graphError(t, err, 403, "")
		if len(err.Error()) > 3000 {
			t.Errorf("%s: the error has %d bytes", name, len(err.Error()))
		}
	}
}

// TestTokenExpires asks for another token when Graph refuses the one at hand, as
// often as that goes.
func TestTokenExpires(t *testing.T) {
	cred := &rotatingToken{}
	valid, served := 1, 0
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(100)}}
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != fmt.Sprint("Bearer secret", valid) {
			refuse(w, 401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
			return true
		}
		if served++; served%3 == 0 {
			valid++ // the token expires in mid-run
		}
		return false
	}
	m := newClient(t, s.ServeHTTP, graph.Options{Credential: cred, PageSize: 10}).Open(mailboxID)
	if ids := itemIDs(t, m.AllItems(t.Context(), "f")); len(ids) != 100 {
		t.Errorf("listed %d items", len(ids))
	}
	valid = -1
	err := listAll(t, m)
	graphError(t, err, 401, "InvalidAuthenticationToken")
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("%v shows the token", err)
	}
}

// TestCredentialFails ends at once: the credential has tried again itself.
func TestCredentialFails(t *testing.T) {
	requests := 0
	m := newClient(t, func(http.ResponseWriter, *http.Request) { requests++ }, graph.Options{Credential: noToken{}}).Open(mailboxID)
	err := listAll(t, m)
	if !errors.Is(err, errNoToken) || requests != 0 || m.Stats().Retries != 0 {
		t.Errorf("got %v after %d requests", err, requests)
	}
}

var errNoToken = errors.New("no token")

type noToken struct{}

func (noToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{}, errNoToken
}

// TestUnreachable gives up soon on a host that never answered.
func TestUnreachable(t *testing.T) {
	m := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1:1/v1.0"}).Open(mailboxID)
	err := listAll(t, m)
	graphError(t, err, 0, "")
	if got := m.Stats(); got.Requests != 3 {
		t.Errorf("got %+v", got)
	}
	if err := m.Export(t.Context(), []string{"a"}, newVerdicts(t)); err == nil {
		t.Error("an export came to an end")
	}
}

// TestGzip takes compressed responses, whole and cut off, and asks for none of exports.
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
	v := newVerdicts(t)
	if err := m.Export(t.Context(), []string{"a", "b", "c"}, v); err != nil {
		t.Fatal(err)
	}
	v.expect([]string{"a", "b", "c"}, nil)
}

// A slowBody is a response that brings some bytes now and then.
type slowBody struct {
	io.Reader
	ctx   context.Context
	pause time.Duration
	bytes int // each time
	there int // of these
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.there == 0 {
		select {
		case <-time.After(b.pause):
			b.there = b.bytes
		case <-b.ctx.Done():
			return 0, b.ctx.Err()
		}
	}
	n, err := b.Reader.Read(p[:min(len(p), b.there)])
	b.there -= n
	return n, err
}

func (b *slowBody) Close() error { return nil }

// TestIdleTimeout cuts off responses that bring nothing, or next to nothing, and none
// that are slow.
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
				body := &slowBody{strings.NewReader(`{"primaryMailboxId":"x","error":{"code":"c"}}` + tt.padding), r.Context(), tt.pause, tt.bytes, 0}
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

// TestSlowHandlerIsNoStall holds that the time which a handler takes is not the
// response's.
func TestSlowHandlerIsNoStall(t *testing.T) {
	s := &exportServer{}
	inBubble(t, s.ServeHTTP, graph.Options{}, func(t *testing.T, c *graph.Client) {
		v := &slowVerdicts{newVerdicts(t)}
		if err := c.Open(mailboxID).Export(t.Context(), []string{"a", "b"}, v); err != nil {
			t.Fatal(err)
		}
		v.expect([]string{"a", "b"}, nil)
		if n := len(s.sizes()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

type slowVerdicts struct{ *verdicts }

func (v *slowVerdicts) Data(p []byte) error {
	time.Sleep(time.Hour)
	return v.verdicts.Data(p)
}

// TestStalledExport keeps what came before an export stalled.
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
			rest := &slowBody{strings.NewReader(""), r.Context(), time.Hour, 1, 0}
			resp.Body = struct {
				io.Reader
				io.Closer
			}{io.MultiReader(bytes.NewReader(body[:len(body)/2]), rest), rest}
			return resp, nil
		})
		m := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: send}).Open(mailboxID)
		v := newVerdicts(t)
		if err := m.Export(t.Context(), someIDs(4), v); err != nil {
			t.Fatal(err)
		}
		v.expect(someIDs(4), nil)
	})
	if sizes := s.sizes(); len(sizes) != 2 || sizes[1] != 3 {
		t.Errorf("asked for %v ids", sizes)
	}
}

func TestHeaders(t *testing.T) {
	seen := map[string]bool{}
	m := newClient(t, func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("client-request-id")
		if len(id) != 36 || seen[id] {
			t.Errorf("client-request-id %q", id)
		}
		seen[id] = true
		if r.Header.Get("Accept") != "application/json" || r.Header.Get("User-Agent") != "mailhaul/test" || r.Header.Get("Authorization") != "" {
			t.Errorf("got %v", r.Header)
		}
		if len(seen) < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprint(w, `{"value":[]}`)
	}, graph.Options{UserAgent: "mailhaul/test"}).Open(mailboxID)
	if err := listAll(t, m); err != nil || len(seen) != 3 {
		t.Errorf("%v after %d requests", err, len(seen))
	}
}

// TestLargeItem exports an item of 48 MiB in memory that does not depend on it.
func TestLargeItem(t *testing.T) {
	const parts = 1024
	chunk := strings.Repeat("QUJD", 16<<10)
	send := transport(func(r *http.Request) (*http.Response, error) {
		readers := []io.Reader{strings.NewReader(`{"value":[{"data":"`)}
		for range parts {
			readers = append(readers, strings.NewReader(chunk))
		}
		body := io.MultiReader(append(readers, strings.NewReader(`","itemId":"a"}]}`))...)
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	})
	m := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: send}).Open(mailboxID)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	var v countedBytes
	if err := m.Export(t.Context(), []string{"a"}, &v); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if want := int64(parts * len(chunk) / 4 * 3); v.n != want || !v.exported {
		t.Errorf("got %d bytes of %d", v.n, want)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 2<<20 {
		t.Errorf("%d bytes were allocated", allocated)
	}
}

type countedBytes struct {
	oneVerdict
	n        int64
	exported bool
}

func (c *countedBytes) Data(p []byte) error           { c.n += int64(len(p)); return nil }
func (c *countedBytes) Exported(string, string) error { c.exported = true; return nil }

// TestBases holds that links and redirects are understood below any base.
func TestBases(t *testing.T) {
	for _, base := range []string{"", "/", "/v1.0", "/beta/", "/proxy/graph/v1.0", "/custom"} {
		m := newClientAt(t, graph.Options{BaseURL: newOther(t, func(w http.ResponseWriter, r *http.Request) {
			below := strings.TrimRight(base, "/") + "/admin/exchange/mailboxes/"
			if !strings.HasPrefix(r.URL.Path, below) {
				t.Errorf("%s: asked for %s", base, r.URL)
			}
			if strings.Contains(r.URL.Path, mailboxID) {
				w.Header().Set("Location", strings.Replace(r.URL.RequestURI(), mailboxID, auxiliary, 1))
				w.WriteHeader(http.StatusPermanentRedirect)
				return
			}
			fmt.Fprintf(w, `{"value":[{"id":"x"}],"@odata.deltaLink":"%s?$deltatoken=d"}`, r.URL.EscapedPath())
		}) + base}).Open(mailboxID)
		c := m.Delta(t.Context(), "f", "")
		for range 2 {
			if ids, err := changed(t, c); err != nil || len(ids) != 1 {
				t.Errorf("%s: %q, %v", base, ids, err)
			}
			c = m.Delta(t.Context(), "f", c.Link())
		}
	}
}
