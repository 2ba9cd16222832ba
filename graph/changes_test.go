package graph_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// changed returns the ids of the changes, with "-" and the reason for removed items.
func changed(t *testing.T, c *graph.Changes) (ids []string, err error) {
	t.Helper()
	for change, err := range c.All() {
		if err != nil {
			if c.Link() != "" {
				t.Errorf("there is a link after %v", err)
			}
			return ids, err
		}
		id := change.ID
		if change.Removed != "" {
			id = "-" + id + " " + change.Removed
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// deltaServer answers delta queries page by page, by token.
func deltaServer(pages map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		page, ok := pages[q.Get("$skiptoken")+q.Get("$deltatoken")]
		if !ok {
			refuse(w, http.StatusGone, "SyncStateNotFound", "The sync state generation is not found.")
			return
		}
		fmt.Fprint(w, strings.ReplaceAll(page, "SELF", "http://"+r.Host+r.URL.EscapedPath()))
	}
}

func TestItemChanges(t *testing.T) {
	m := open(t, deltaServer(map[string]string{
		"":   `{"value":[{"id":"a","changeKey":"k","size":5},{"id":"b"}],"@odata.nextLink":"SELF?$skiptoken=s1"}`,
		"s1": `{"value":[],"@odata.nextLink":"SELF?%24skiptoken=s2"}`,
		"s2": `{"value":[{"id":"a"},{"id":"b","@removed":{"reason":"changed"}}],"@odata.deltaLink":"SELF?$deltatoken=d1"}`,
		"d1": `{"value":[{"id":"x","@removed":{"reason":"deleted"}},{"id":"y","@removed":{}},{"id":"z","@removed":null},
			{"id":"w","@removed":true},{"@removed":{"reason":"` + strings.Repeat("r", 500) + `"},"id":"v"}],"@odata.deltaLink":"?$deltatoken=d2"}`,
		"d2": `{"value":[],"@odata.deltaLink":"SELF?$deltatoken=d2"}`,
	}))
	c := m.Delta(t.Context(), "f", "")
	got, err := changed(t, c)
	if diff := cmp.Diff([]string{"a", "b", "a", "-b changed"}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	if !strings.HasSuffix(c.Link(), "/folders/f/items/delta?$deltatoken=d1") {
		t.Errorf("the link is %q", c.Link())
	}
	c = m.Delta(t.Context(), "f", c.Link())
	got, err = changed(t, c)
	if diff := cmp.Diff([]string{"-x deleted", "-y deleted", "z", "-w deleted", "-v " + strings.Repeat("r", 100)}, got); err != nil || diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
	c = m.Delta(t.Context(), "f", c.Link())
	if got, err := changed(t, c); err != nil || len(got) != 0 || !strings.Contains(c.Link(), "d2") {
		t.Errorf("%q, %v, then %q", got, err, c.Link())
	}
}

// TestItemChangesStop checks that there is no link before the end.
func TestItemChangesStop(t *testing.T) {
	m := open(t, deltaServer(map[string]string{"": `{"value":[{"id":"a"},{"id":"b"}],"@odata.deltaLink":"SELF?$deltatoken=d1"}`}))
	c := m.Delta(t.Context(), "f", "")
	for range c.All() {
		break
	}
	if c.Link() != "" {
		t.Errorf("the link is %q", c.Link())
	}
}

// TestDeltaErrors checks which error a delta query returns: for its first request, for one with a
// link, and for a later page.
func TestDeltaErrors(t *testing.T) {
	type answer = func(w http.ResponseWriter)
	status := func(status int, code, message string) answer {
		return func(w http.ResponseWriter) { refuse(w, status, code, message) }
	}
	body := func(s string) answer { return func(w http.ResponseWriter) { fmt.Fprint(w, s) } }
	none := errors.New("none of them")
	resync, noDelta, gone := graph.ErrResync, graph.ErrNoDelta, graph.ErrFolderGone
	tests := []struct {
		name          string
		answer        answer
		initial, link error
	}{
		{"gone", status(410, "Gone", ""), resync, resync},
		{"gone with location", func(w http.ResponseWriter) {
			w.Header().Set("Location", "https://elsewhere.example.com/delta?$deltatoken=")
			w.WriteHeader(410)
		}, resync, resync},
		{"state not found", status(400, "SyncStateNotFound", ""), resync, resync},
		{"state not found, other case", status(404, "syncstatenotfound", ""), resync, resync},
		{"resync", status(409, "resyncRequired", ""), resync, resync},
		{"state invalid, in the message", status(400, "BadRequest", "ErrorCode: SyncStateInvalid"), resync, resync},
		{"state not found, inside", statusBody(400, `{"error":{"code":"BadRequest","innerError":{"code":"SyncStateNotFound"}}}`), resync, resync},
		{"archive", status(400, "ErrorInvalidOperation", "Operation on Archive mailbox not allowed"), noDelta, noDelta},
		{"archive, denied", status(403, "ErrorAccessDenied", "Operation on archive mailbox not allowed."), noDelta, noDelta},
		{"bad request", status(400, "BadRequest", "why"), noDelta, resync},
		{"denied", status(403, "ErrorAccessDenied", ""), noDelta, none},
		{"no such path", status(404, "ResourceNotFound", "Resource not found for the segment 'delta'."), noDelta, resync},
		{"no such method", status(405, "", ""), noDelta, resync},
		{"not implemented", status(501, "", ""), noDelta, resync},
		{"broken for good", status(500, "ErrorInternalServerError", ""), noDelta, resync},
		{"folder gone", status(404, "ErrorSyncFolderNotFound", ""), gone, gone},
		{"mailbox gone", status(404, "MailboxNotEnabledForRESTAPI", ""), none, none},
		{"token refused", status(401, "InvalidAuthenticationToken", ""), none, none},
		{"throttled", status(429, "ApplicationThrottled", ""), none, none},
		{"unavailable, but not the mailbox", status(503, "", ""), noDelta, resync},
		{"malformed", body(`{"value":[{"id":"a"},`), noDelta, noDelta},
		{"no JSON", body(`<html>`), noDelta, noDelta},
		{"no end", body(`{"value":[]}`), noDelta, noDelta},
		{"in a circle", body(`{"value":[],"@odata.nextLink":"?$skiptoken=x"}`), noDelta, noDelta},
		{"no id", body(`{"value":[{"changeKey":"x"}],"@odata.deltaLink":"?$deltatoken=x"}`), none, none},
		{"link elsewhere", body(`{"value":[],"@odata.nextLink":"https://elsewhere.example.com/?$skiptoken=x"}`), none, none},
	}
	for _, tt := range tests {
		for place, want := range map[string]error{"first": tt.initial, "link": tt.link, "later": tt.initial, "later with link": tt.link} {
			t.Run(tt.name+"/"+place, func(t *testing.T) {
				var base string
				n := 0
				m := newClient(t, func(w http.ResponseWriter, r *http.Request) {
					base = "http://" + r.Host + r.URL.EscapedPath()
					switch {
					case !strings.HasSuffix(r.URL.Path, "/delta"):
						fmt.Fprint(w, `{"id":"f"}`) // the folder is there
					case strings.HasPrefix(place, "later") && n == 0:
						n++
						fmt.Fprint(w, `{"value":[{"id":"a"}],"@odata.nextLink":"?$skiptoken=later"}`)
					default:
						tt.answer(w)
					}
				}, graph.Options{MaxRetryTime: time.Millisecond}).Open(mailboxID)
				link := ""
				if strings.HasSuffix(place, "link") {
					if _, err := m.Folder(t.Context(), "f"); err != nil {
						t.Fatal(err)
					}
					link = base + "/items/delta?$deltatoken=d"
				}
				_, err := changed(t, m.Delta(t.Context(), "f", link))
				if err == nil {
					t.Fatal("there was no error")
				}
				for _, kind := range []error{resync, noDelta, gone} {
					if errors.Is(err, kind) != (kind == want) {
						t.Errorf("got %v, want %v", err, want)
					}
				}
				var e *graph.Error
				if !errors.As(err, &e) {
					t.Errorf("%v is no *Error", err)
				}
			})
		}
	}
}

func statusBody(status int, body string) func(w http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
}

// TestDeltaOfNoFolder distinguishes a folder that is gone from a service that takes "delta" for the
// id of an item.
func TestDeltaOfNoFolder(t *testing.T) {
	for _, there := range []bool{true, false} {
		m := open(t, func(w http.ResponseWriter, r *http.Request) {
			if there && strings.HasSuffix(r.URL.Path, "/folders/f") {
				fmt.Fprint(w, `{"id":"f"}`)
				return
			}
			refuse(w, 404, "ErrorItemNotFound", "The specified object was not found in the store.")
		})
		_, err := changed(t, m.Delta(t.Context(), "f", ""))
		if want := map[bool]error{true: graph.ErrNoDelta, false: graph.ErrFolderGone}[there]; !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
}

// TestDeltaLinks checks that a stored link leads to the changes of its folder and mailbox, or is
// refused.
func TestDeltaLinks(t *testing.T) {
	const path = "/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f+F=/items/delta"
	tests := map[string]bool{
		"http://HOST" + path + "?$deltatoken=x":   true,
		"HTTP://HOST" + path + "?%24deltatoken=x": true,
		"http://HOST" + path + "?$skiptoken=x":    true,
		"http://HOST" + strings.NewReplacer(":", "%3A", "@", "%40", "+", "%2B").Replace(path) + "?$deltatoken=x": true,
		"http://HOST/v1.0/admin/Exchange/Mailboxes/" + mailboxID + "/folders('f+F=')/items/delta?$deltatoken=x":  true,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f+F=/items/delta()?$deltatoken=x":   true,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + auxiliary + "/folders/f+F=/items/delta?$deltatoken=x":     true, // requested from this mailbox
		"http://HOST" + path + "?$deltatoken=x#fragment":                                                         true,
		"http://HOST" + path:                                                      false,
		"http://HOST" + path + "?$deltatoken=":                                    false,
		"http://HOST" + path + "?token=x":                                         false,
		"http://HOST" + path + "?$deltatoken=" + strings.Repeat("x", 20<<10):      false,
		"https://HOST" + path + "?$deltatoken=x":                                  false,
		"http://elsewhere.example.com" + path + "?$deltatoken=x":                  false,
		"http://u:p@HOST" + path + "?$deltatoken=x":                               false,
		"//HOST" + path + "?$deltatoken=x":                                        false,
		path + "?$deltatoken=x":                                                   false,
		"http://HOST/beta" + strings.TrimPrefix(path, "/v1.0") + "?$deltatoken=x": false,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f+f=/items/delta?$deltatoken=x":         false,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/delta?$deltatoken=x":                    false,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f+F=/items?$deltatoken=x":               false,
		"http://HOST/v1.0/admin/exchange/mailboxes/x/../" + mailboxID + "/folders/f+F=/items/delta?$deltatoken=x":    false,
		"http://HOST/v1.0/users/a/settings/exchange?$deltatoken=x":                                                   false,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f+F=/items/delta/../../?$deltatoken=x":  false,
		"http://HOST/v1.0/admin/exchange/mailboxes/%2e%2e/folders/f+F=/items/delta?$deltatoken=x":                    false,
		"http://HOST/v1.0/admin/exchange/mailboxes/" + mailboxID + "/folders/f%2BF%3D%2Fitems%2Fdelta?$deltatoken=x": false,
		"not a link": false,
		"http://[":   false,
	}
	for link, ok := range tests {
		requests := 0
		var host string
		m := open(t, func(w http.ResponseWriter, r *http.Request) {
			requests++
			host = r.Host
			if got := strings.ToLower(r.URL.Path); !strings.HasPrefix(got, strings.ToLower("/v1.0/admin/exchange/mailboxes/"+mailboxID+"/")) {
				t.Errorf("%s: requested %s", link, r.URL)
			}
			if r.URL.Query().Has("$select") {
				t.Errorf("%s: requested with %s", link, r.URL.RawQuery)
			}
			fmt.Fprint(w, `{"value":[{"id":"x","totalItemCount":0}],"@odata.deltaLink":"?$deltatoken=y"}`)
		})
		if _, err := m.FolderDelta(t.Context()); err != nil {
			t.Fatal(err)
		}
		requests = 0
		ids, err := changed(t, m.Delta(t.Context(), "f+F=", strings.ReplaceAll(link, "HOST", host)))
		if (err == nil) != ok || (len(ids) == 1) != ok || (requests == 1) != ok {
			t.Errorf("%s: %q, %v, %d requests", link, ids, err, requests)
		}
		if !ok && !errors.Is(err, graph.ErrResync) {
			t.Errorf("%s: %v", link, err)
		}
	}
}

// TestDeltaWithoutSelect checks that options which a service refuses are not requested again.
func TestDeltaWithoutSelect(t *testing.T) {
	refused := 0
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("$select") {
			refused++
			refuse(w, 400, "BadRequest", "$select is not supported for delta.")
			return
		}
		if r.Header.Get("Prefer") != "odata.maxpagesize=999" {
			t.Errorf("prefers %q", r.Header.Get("Prefer"))
		}
		fmt.Fprint(w, `{"value":[{"id":"x"}],"@odata.deltaLink":"?$deltatoken=y"}`)
	})
	for range 3 {
		if ids, err := changed(t, m.Delta(t.Context(), "f", "")); err != nil || len(ids) != 1 {
			t.Errorf("%q, %v", ids, err)
		}
	}
	if refused != 1 {
		t.Errorf("%d requests were refused", refused)
	}
}

func TestFolderDelta(t *testing.T) {
	tests := []struct {
		name  string
		pages map[string]string
		want  []string // ids and counts
		err   error
	}{
		{"two pages", map[string]string{
			"":   `{"value":[{"id":"a","totalItemCount":1},{"id":"b","totalItemCount":2}],"@odata.nextLink":"SELF?$skiptoken=s1"}`,
			"s1": `{"value":[{"id":"a","totalItemCount":3},{"id":"c","@removed":{"reason":"deleted"}},{"id":"b","@removed":{}}],"@odata.deltaLink":"SELF?$deltatoken=d1"}`,
		}, []string{"a 3"}, nil},
		{"without counts", map[string]string{"": `{"value":[{"id":"a"}],"@odata.deltaLink":"SELF?$deltatoken=d1"}`}, nil, graph.ErrNoDelta},
		{"without a link", map[string]string{"": `{"value":[{"id":"a","totalItemCount":1}]}`}, nil, graph.ErrNoDelta},
		{"expired", map[string]string{"": `{"value":[],"@odata.nextLink":"SELF?$skiptoken=s1"}`}, nil, graph.ErrResync},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			folders, err := open(t, deltaServer(tt.pages)).FolderDelta(t.Context())
			if !errors.Is(err, tt.err) {
				t.Errorf("got %v, want %v", err, tt.err)
			}
			var got []string
			for _, f := range folders {
				got = append(got, fmt.Sprint(f.ID, " ", f.TotalItemCount))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDeltaOfAuxiliary follows the changes of a folder in an auxiliary mailbox, whose link leads
// there.
func TestDeltaOfAuxiliary(t *testing.T) {
	server := deltaServer(map[string]string{
		"":   `{"value":[{"id":"a"}],"@odata.deltaLink":"SELF?$deltatoken=d1"}`,
		"d1": `{"value":[{"id":"b"}],"@odata.deltaLink":"SELF?$deltatoken=d2"}`,
	})
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, mailboxID) { // without the query: that is kept
			w.Header().Set("Location", strings.Replace(r.URL.Path, mailboxID, auxiliary, 1))
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		server(w, r)
	})
	c := m.Delta(t.Context(), "f", "")
	if ids, err := changed(t, c); err != nil || !cmp.Equal(ids, []string{"a"}) || !strings.Contains(c.Link(), auxiliary) {
		t.Errorf("%q, %v, then %q", ids, err, c.Link())
	}
	c = m.Delta(t.Context(), "f", c.Link())
	if ids, err := changed(t, c); err != nil || !cmp.Equal(ids, []string{"b"}) {
		t.Errorf("%q, %v", ids, err)
	}
}
