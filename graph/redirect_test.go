package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

const auxiliary = "MBX:767fh867@a7809c93"

// TestRedirects checks which redirects are followed.
func TestRedirects(t *testing.T) {
	const (
		base  = "/v1.0/admin/exchange/mailboxes/"
		own   = base + mailboxID + "/folders/F/items"
		there = base + auxiliary + "/folders/F/items"
	)
	tests := []struct {
		name, location string
		ok             bool
	}{
		{"the same of another mailbox", there, true},
		{"escaped", strings.NewReplacer(":", "%3A", "@", "%40").Replace(there), true},
		{"other case", "/v1.0/Admin/Exchange/Mailboxes/" + auxiliary + "/Folders/F/Items", true},
		{"a key", base + auxiliary + "/folders('F')/items", true},
		{"beta", strings.Replace(there, "v1.0", "beta", 1), true},
		{"a query", there + "?$top=7", true},
		{"another host", "https://graph.example.com" + there, false},
		{"another scheme", "https://HOST" + there, false},
		{"another port", "http://127.0.0.1:1" + there, false},
		{"a password", "http://a:b@HOST" + there, false},
		{"scheme-relative", "//graph.example.com" + there, false},
		{"another folder", base + auxiliary + "/folders/f/items", false},
		{"items of items", base + auxiliary + "/folders/F/items/x", false},
		{"another version", strings.Replace(there, "v1.0", "v2.0", 1), false},
		{"another resource", "/v1.0/users/a/settings/exchange", false},
		{"no mailbox", base + "/folders/F/items", false},
		{"up", base + "../mailboxes/" + auxiliary + "/folders/F/items", true}, // which is there
		{"up, escaped", base + "%2e%2e/folders/F/items", false},
		{"itself", own, false},
		{"no URL", "http://[", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var hits []string
			m := open(t, func(w http.ResponseWriter, r *http.Request) {
				hits = append(hits, r.URL.Path)
				if strings.Contains(r.URL.Path, mailboxID) {
					w.Header().Set("Location", strings.ReplaceAll(tt.location, "HOST", r.Host))
					w.WriteHeader(http.StatusPermanentRedirect)
					return
				}
				if !r.URL.Query().Has("$top") {
					t.Error("the query was lost")
				}
				fmt.Fprint(w, `{"value":[{"id":"x"}]}`)
			})
			var ids []string
			for it, err := range m.AllItems(t.Context(), "F") {
				if err == nil {
					ids = append(ids, it.ID)
					continue
				}
				graphError(t, err, 0, "")
				if strings.Contains(err.Error(), "?") {
					t.Errorf("%v shows a query", err)
				}
			}
			if ok := len(ids) == 1; ok != tt.ok || ok != (len(hits) == 2) {
				t.Errorf("listed %q with requests to %q", ids, hits)
			}
		})
	}
}

// TestRedirectsOfOneRequest checks how often, and with which status, a request is redirected.
func TestRedirectsOfOneRequest(t *testing.T) {
	for hops, ok := range map[int]bool{5: true, 6: false, 100: false} {
		n := 0
		m := open(t, func(w http.ResponseWriter, r *http.Request) {
			if n++; n > hops {
				fmt.Fprint(w, `{"id":"F"}`)
				return
			}
			w.Header().Set("Location", fmt.Sprintf("/v1.0/admin/exchange/mailboxes/MBX:%d/folders/F", n))
			w.WriteHeader(http.StatusPermanentRedirect)
		})
		f, err := m.Folder(t.Context(), "F")
		if (err == nil) != ok || n > 7 {
			t.Errorf("%d redirects: %d requests, then %v", hops, n, err)
		}
		if ok && f.Mailbox != "MBX:5" {
			t.Errorf("answered by %q", f.Mailbox)
		}
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := &exportServer{}
		m := open(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, mailboxID) {
				w.Header().Set("Location", strings.Replace(r.URL.Path, mailboxID, auxiliary, 1))
				w.WriteHeader(status)
				return
			}
			r.URL.Path = strings.Replace(r.URL.Path, auxiliary, mailboxID, 1)
			s.ServeHTTP(w, r)
		})
		v := newResults(t)
		err := m.Export(t.Context(), []string{"a"}, v)
		if keeps := status >= 307; (err == nil) != keeps || (v.of["a"] == "exported") != keeps {
			t.Errorf("%d: %v, %v", status, err, v.of)
		}
	}
}

// TestTokenStaysHere checks that no link and no redirect sends the token to another host.
func TestTokenStaysHere(t *testing.T) {
	elsewhere := 0
	other := newOther(t, func(http.ResponseWriter, *http.Request) { elsewhere++ })
	target := other + "/v1.0/admin/exchange/mailboxes/" + auxiliary + "/folders/f/items"
	token, err := graph.NewCredential("secret")
	if err != nil {
		t.Fatal(err)
	}
	for name, answer := range map[string]http.HandlerFunc{
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, target, http.StatusPermanentRedirect)
		},
		"nextLink": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":%q}`, target)
		},
		"deltaLink": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"value":[],"@odata.deltaLink":%q}`, target)
		},
		"item": func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"value":[{"itemId":"a","error":{"code":"ErrorArchiveFolderMovedPermanently","message":%q}}]}`, other+r.URL.Path)
		},
	} {
		here := 0
		m := newClient(t, func(w http.ResponseWriter, r *http.Request) {
			here++
			if got := r.Header.Get("Authorization"); got != "Bearer secret" {
				t.Errorf("%s: authorized with %q", name, got)
			}
			answer(w, r)
		}, graph.Options{Credential: token}).Open(mailboxID)
		for range m.AllItems(t.Context(), "f") {
			t.Log("listed something")
		}
		for range m.Delta(t.Context(), "f", "").All() {
			t.Log("something changed")
		}
		_ = m.Export(t.Context(), []string{"a"}, newResults(t))
		if here == 0 || elsewhere != 0 {
			t.Errorf("%s: %d requests to Graph, %d elsewhere", name, here, elsewhere)
		}
	}
}

// TestItemsMoved exports items that moved to other mailboxes.
func TestItemsMoved(t *testing.T) {
	at := func(mailbox string) string { return "/v1.0/admin/exchange/mailboxes/" + mailbox + "/exportItems" }
	moved := func(to string) string {
		return `{"itemId":%[1]q,"Error":{"message":"` + to + `","code":"ErrorArchiveFolderMovedPermanently"}}`
	}
	tests := []struct {
		name   string
		of     map[string]string // by mailbox, what it answers for item b
		result string
		want   []string // the mailboxes requested
	}{
		{"once", map[string]string{"own": moved(at("MBX:1")), "MBX:1": fine}, "exported", []string{"own", "MBX:1"}},
		{"case and version", map[string]string{"own": moved("/BETA/Admin/exchange/MailBoxes/MBX%%3A1/ExportItems"), "MBX:1": fine}, "exported", []string{"own", "MBX:1"}},
		{"three times", map[string]string{"own": moved(at("MBX:1")), "MBX:1": moved(at("MBX:2")), "MBX:2": moved(at("MBX:3")), "MBX:3": fine},
			"exported", []string{"own", "MBX:1", "MBX:2", "MBX:3"}},
		{"gone there", map[string]string{"own": moved(at("MBX:1")), "MBX:1": itemError("ErrorItemNotFound")}, "gone", []string{"own", "MBX:1"}},
		{"busy there", map[string]string{"own": moved(at("MBX:1")), "MBX:1": missing}, "NotReturned", []string{"own", "MBX:1", "MBX:1"}},
		{"in a circle", map[string]string{"own": moved(at("MBX:1")), "MBX:1": moved(at("MBX:2")), "MBX:2": moved(at("MBX:1"))},
			"ErrorArchiveFolderMovedPermanently", []string{"own", "MBX:1", "MBX:2"}},
		{"to itself", map[string]string{"own": moved(at(mailboxID))}, "ErrorArchiveFolderMovedPermanently", []string{"own"}},
		{"elsewhere", map[string]string{"own": moved("https://graph.example.com" + at("MBX:1"))}, "ErrorArchiveFolderMovedPermanently", []string{"own"}},
		{"something else", map[string]string{"own": moved("/v1.0/admin/exchange/mailboxes/MBX:1/folders")}, "ErrorArchiveFolderMovedPermanently", []string{"own"}},
		{"nowhere", map[string]string{"own": moved("The folder moved.")}, "ErrorArchiveFolderMovedPermanently", []string{"own"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := &exportServer{script: map[string][]string{}}
			var requested []string
			m := open(t, func(w http.ResponseWriter, r *http.Request) {
				mailbox := strings.Split(r.URL.Path, "/")[5]
				r.URL.Path = at(mailboxID)
				if mailbox == mailboxID {
					mailbox = "own"
				}
				requested = append(requested, mailbox)
				s.script["b"] = []string{tt.of[mailbox]}
				s.ServeHTTP(w, r)
			})
			v := newResults(t)
			if err := m.Export(t.Context(), []string{"a", "b", "c"}, v); err != nil {
				t.Fatal(err)
			}
			v.expect([]string{"a", "b", "c"}, map[string]string{"b": tt.result})
			if diff := cmp.Diff(tt.want, requested); diff != "" {
				t.Errorf("mailboxes requested (-want +got):\n%s", diff)
			}
			var others []string
			for _, mailbox := range tt.want[1:] {
				if len(others) == 0 || others[len(others)-1] != mailbox {
					others = append(others, mailbox)
				}
			}
			if diff := cmp.Diff(others, m.Auxiliaries()); diff != "" {
				t.Errorf("auxiliaries (-want +got):\n%s", diff)
			}
		})
	}
}

// TestItemsMovedTooOften checks how far an item is followed.
func TestItemsMovedTooOften(t *testing.T) {
	n := 0
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		fmt.Fprintf(w, `{"value":[{"itemId":"a","Error":{"code":"ErrorArchiveFolderMovedPermanently",
			"message":"/v1.0/admin/exchange/mailboxes/MBX:%d/exportItems"}}]}`, n)
	})
	v := newResults(t)
	if err := m.Export(t.Context(), []string{"a"}, v); err != nil {
		t.Fatal(err)
	}
	v.expect(nil, map[string]string{"a": "ErrorArchiveFolderMovedPermanently"})
	if n != 6 {
		t.Errorf("%d requests", n)
	}
}

// TestAuxiliaryHasItsLimits checks that requests which an auxiliary mailbox answers count in its
// own budget.
func TestAuxiliaryHasItsLimits(t *testing.T) {
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, mailboxID) {
			w.Header().Set("Location", strings.Replace(r.URL.Path, mailboxID, auxiliary, 1))
			w.WriteHeader(http.StatusPermanentRedirect)
			return
		}
		fmt.Fprint(w, `{"value":[]}`)
	})
	for range 3 {
		if err := listAll(t, m); err != nil {
			t.Fatal(err)
		}
	}
	if got := m.Stats(); got.Requests != 6 || got.Budget.Used != 3 {
		t.Errorf("got %+v", got)
	}
	if diff := cmp.Diff([]string{auxiliary}, m.Auxiliaries()); diff != "" {
		t.Error(diff)
	}
}
