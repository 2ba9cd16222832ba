package graph_test

import (
	"bytes"
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
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/mailhaul/mailhaul/graph"
)

// newOther starts another server and returns its URL.
func newOther(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// A rotatingToken is a credential with a new token each time.
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

// TestErrorText checks that an error has the operation, Graph's reason and both request ids, and
// never the token, though Graph repeats it.
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

// TestErrorBodies checks that an error response with any body is a short error.
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

// TestTokenExpires checks that a token which Graph refuses is renewed, a bounded number of times.
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

// TestCredentialFails checks that a failed credential is not used again: it has repeated its own
// requests.
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

// TestUnreachable checks that few requests go to a host that never answered.
func TestUnreachable(t *testing.T) {
	m := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1:1/v1.0"}).Open(mailboxID)
	err := listAll(t, m)
	graphError(t, err, 0, "")
	if got := m.Stats(); got.Requests != 3 {
		t.Errorf("got %+v", got)
	}
	if err := m.Export(t.Context(), []string{"a"}, newResults(t)); err == nil {
		t.Error("an export came to an end")
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

// TestLargeItem exports an item of 48 MiB in memory that does not depend on its length.
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
	oneResult
	n        int64
	exported bool
}

func (c *countedBytes) Data(p []byte) error           { c.n += int64(len(p)); return nil }
func (c *countedBytes) Exported(string, string) error { c.exported = true; return nil }

// TestBases checks that links and redirects work below any base URL.
func TestBases(t *testing.T) {
	for _, base := range []string{"", "/", "/v1.0", "/beta/", "/proxy/graph/v1.0", "/custom"} {
		m := newClientAt(t, graph.Options{BaseURL: newOther(t, func(w http.ResponseWriter, r *http.Request) {
			below := strings.TrimRight(base, "/") + "/admin/exchange/mailboxes/"
			if !strings.HasPrefix(r.URL.Path, below) {
				t.Errorf("%s: requested %s", base, r.URL)
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
