package graph_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

// fuzzClient returns a client of one mailbox whose requests a function answers.
func fuzzClient(t *testing.T, answer transport) (*graph.Client, *graph.MailboxClient) {
	c := newClientAt(t, graph.Options{BaseURL: "http://127.0.0.1/v1.0", Transport: answer, MaxAttempts: 1, MaxRetryTime: 1, Budget: -1})
	return c, c.Open(mailboxID)
}

func response(r *http.Request, status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

// fuzzCalls are the calls whose responses are fuzzed. Each checks what its callers rely on.
var fuzzCalls = []func(t *testing.T, c *graph.Client, m *graph.MailboxClient) error{
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) error {
		_, err := m.Folders(t.Context())
		return err
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) error {
		_, err := m.Folder(t.Context(), "f")
		return err
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) error {
		_, err := m.FolderDelta(t.Context())
		return err
	},
	func(t *testing.T, c *graph.Client, _ *graph.MailboxClient) error {
		all, err := c.Mailboxes(t.Context(), "a", true)
		if err == nil && (len(all) == 0 || all[0].ID == "") {
			t.Errorf("found %+v", all)
		}
		return nil // its errors are not Graph's alone
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) (last error) {
		for it, err := range m.AllItems(t.Context(), "f") {
			if last = err; err == nil && (it.ID == "" || len(it.Properties.Subject) > 1<<10 || len(it.Properties.SearchKey) > 255) {
				t.Errorf("listed %+v", it)
			}
		}
		return last
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) (last error) {
		for change, err := range m.Delta(t.Context(), "f", "").All() {
			if last = err; err == nil && change.ID == "" {
				t.Errorf("got %+v", change)
			}
		}
		return last
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) error {
		it, err := m.Item(t.Context(), "f", "a")
		if err == nil && it.ID != "a" {
			t.Errorf("got %+v", it)
		}
		return err
	},
	func(t *testing.T, _ *graph.Client, m *graph.MailboxClient) error {
		v := &oneResult{of: map[string]int{}}
		err := m.Export(t.Context(), []string{"a", "b"}, v)
		if err == nil && (v.of["a"] != 1 || v.of["b"] != 1 || len(v.of) != 2) {
			t.Errorf("results: %v", v.of)
		}
		return err
	},
}

// FuzzResponses checks that every call ends for any response, with an *Error or with what its
// callers rely on.
func FuzzResponses(f *testing.F) {
	for _, body := range []string{
		`{"value":[{"id":"a","displayName":"x","parentFolderId":"a","singleValueExtendedProperties":[{"id":"Boolean 0x10f4","value":"true"}]}]}`,
		`{"value":[{"id":"a","size":1,"createdDateTime":"2021-09-15T12:16:38Z","singleValueExtendedProperties":[{"id":"Binary 0x300b","value":"AAEC"}]}],"@odata.nextLink":"?$skip=1"}`,
		`{"value":[{"id":"a","@removed":{"reason":"deleted"}}],"@odata.deltaLink":"?$deltatoken=x"}`,
		`{"error":{"code":"SyncStateNotFound","message":"m","innerError":{"request-id":"r"}}}`,
		`{"primaryMailboxId":"MBX:p","value":[{"inPlaceArchiveMailboxId":"MBX:a"}]}`,
		`{"value":[{"itemId":"a","data":"AAEC"},{"itemId":"b","Error":{"code":"ErrorArchiveFolderMovedPermanently","message":"/v1.0/admin/exchange/mailboxes/x/exportItems"}}]}`,
		`{"value":[{"data":"AAEC"},{"error":{"code":"ErrorServerBusy"}}]}`,
		"\ufeff" + `{"id":"a"}`, `{"value":[{}]}`, `null`, ``,
	} {
		for _, status := range []uint16{200, 400, 403, 410, 503} {
			for call := range fuzzCalls {
				f.Add(uint8(call), status-200, body, "/v1.0/admin/exchange/mailboxes/x/folders/f")
			}
		}
	}
	f.Fuzz(func(t *testing.T, call uint8, status uint16, body, location string) {
		requests := 0
		c, m := fuzzClient(t, func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "127.0.0.1" {
				t.Errorf("a request goes to %s", r.URL)
			}
			if requests++; requests > 20_000 {
				t.Fatal("there is no end")
			}
			resp := response(r, 200+int(status%400), body)
			resp.Header.Set("Location", location)
			return resp, nil
		})
		holdError(t, fuzzCalls[int(call)%len(fuzzCalls)](t, c, m))
	})
}

func holdError(t *testing.T, err error) {
	var e *graph.Error
	if err != nil && (!errors.As(err, &e) || len(err.Error()) > 10_000) {
		t.Errorf("got %v", err)
	}
}

// A oneResult counts the results of each id.
type oneResult struct {
	of     map[string]int
	failed int
}

func (v *oneResult) Room(int) []byte             { return nil }
func (v *oneResult) Data([]byte) error           { return nil }
func (v *oneResult) Discard()                    {}
func (v *oneResult) Exported(id, _ string) error { v.of[id]++; return nil }
func (v *oneResult) Gone(id string) error        { v.of[id]++; return nil }
func (v *oneResult) Failed(id string, _ graph.ItemError) error {
	v.of[id]++
	v.failed++
	return nil
}

// FuzzDeltaLink checks that any stored link makes requests only for the changes of its folder.
func FuzzDeltaLink(f *testing.F) {
	const path = "/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/F=/items/delta"
	for _, link := range []string{
		"http://127.0.0.1" + path + "?$deltatoken=x", path, "//127.0.0.1" + path + "?$deltatoken=x", "http://127.0.0.1/v1.0/../" + path + "?$skiptoken=x",
		"http://127.0.0.1/v1.0/admin/exchange/mailboxes/MBX:x/folders('F=')/items/microsoft.graph.delta()?%24deltatoken=x",
		"http://127.0.0.1/v1.0/admin/exchange/mailboxes/%2e%2e/folders/F%3D/items/delta?$deltatoken=x#y",
	} {
		f.Add(link)
	}
	f.Fuzz(func(t *testing.T, link string) {
		_, m := fuzzClient(t, func(r *http.Request) (*http.Response, error) {
			segments := strings.Split(strings.ToLower(r.URL.Path), "/")
			if r.URL.Host != "127.0.0.1" || len(segments) < 8 || strings.Join(segments[:6], "/") != strings.ToLower("/v1.0/admin/exchange/mailboxes/"+mailboxID) ||
				!strings.Contains(r.URL.Path, "F=") || !strings.Contains(segments[len(segments)-1], "delta") {
				t.Errorf("%q: requested %s", link, r.URL)
			}
			return response(r, 200, `{"value":[],"@odata.deltaLink":"?$deltatoken=y"}`), nil
		})
		changes := m.Delta(t.Context(), "F=", link)
		for _, err := range changes.All() {
			if err != nil && !errors.Is(err, graph.ErrResync) {
				t.Errorf("%q: %v", link, err)
			}
		}
	})
}

// FuzzRetryAfter checks that the pause of any header is within its bounds.
func FuzzRetryAfter(f *testing.F) {
	for _, header := range []string{"1", "-1", "1e99", "NaN", "Inf", "Wed, 21 Oct 2015 07:28:00 GMT", "0x1p60", ""} {
		f.Add(header)
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		if d, requested := graph.RetryAfter(header, now); d < 0 || d > 10*time.Minute || !requested && d != 0 {
			t.Errorf("%q asks for %v", header, d)
		}
	})
}
