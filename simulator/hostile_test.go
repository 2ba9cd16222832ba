package simulator_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// FuzzRequest: whatever is asked, the answer is a status, never a panic or a fault of the server's.
func FuzzRequest(f *testing.F) {
	sim, err := simulator.New(simulator.Options{Items: 40, Archives: true, Concurrency: -1})
	if err != nil {
		f.Fatal(err)
	}
	box := sim.Mailboxes()[0]
	inbox := ""
	for _, folder := range sim.Folders(box.ID) {
		if folder.WellKnownName == "inbox" {
			inbox = folder.ID
		}
	}
	for _, seed := range []struct{ method, path, query, body string }{
		{"GET", "/v1.0/users/megan.bowen@contoso.com/settings/exchange", "", ""},
		{"GET", "/v1.0/users", "$top=1&$skiptoken=1", ""},
		{"GET", "/v1.0/admin/exchange/mailboxes/" + box.ID + "/folders", "$top=3&$skip=1&$orderby=displayName", ""},
		{"GET", "/beta/admin/exchange/mailboxes/" + box.ArchiveID + "/folders", "$filter=displayName eq 'x'", ""},
		{"GET", "/v1.0/admin/exchange/mailboxes/" + box.ID + "/folders('" + inbox + "')/items", "$expand=singleValueExtendedProperties($filter=id eq 'String 0x0037' or id eq 'Binary 0x300B')", ""},
		{"GET", "/v1.0/admin/exchange/mailboxes/" + box.ID + "/folders/inbox/items", "$filter=lastModifiedDateTime gt 2020-01-01T00:00:00.5Z and type eq 'IPM.Note'&$orderby=receivedDateTime desc", ""},
		{"POST", "/v1.0/admin/exchange/mailboxes/" + box.ID + "/exportItems", "", `{"itemIds":["x","` + inbox + `"]}`},
		{"POST", "/t/oauth2/v2.0/token", "", "grant_type=client_credentials&client_id=x&scope=x/.default&client_secret=y"},
		{"GET", "/t/v2.0/.well-known/openid-configuration", "", ""},
		{"GET", "//('')/(", "$=", ""},
		{"GET", "/v1.0/admin/exchange/mailboxes/" + box.ID + "/folders(')/items('''')", "", ""},
	} {
		f.Add(seed.method, seed.path, seed.query, []byte(seed.body))
	}
	f.Fuzz(func(t *testing.T, method, path, query string, body []byte) {
		r := httptest.NewRequest(http.MethodGet, "http://graph.example/", bytes.NewReader(body))
		r.Method, r.URL = method, &url.URL{Path: path, RawQuery: strings.ReplaceAll(query, " ", "%20")}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code < 200 || w.Code >= 500 {
			t.Errorf("%s %q %q: %d", method, path, query, w.Code)
		}
	})
}
