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

// TestPaths checks the ways in which a path can be written.
func TestPaths(t *testing.T) {
	g := start(t, simulator.Options{Seed: 3, Items: 100})
	inbox := get[folder](g, g.inMailbox("/folders/inbox"))
	it := get[page[item]](g, g.inMailbox("/folders/inbox/items")).Value[0]
	host := strings.TrimSuffix(g.url, "/v1.0")
	escaped := strings.NewReplacer(":", "%3A", "@", "%40").Replace(g.box.ID)
	for _, u := range []string{
		"/v1.0/admin/exchange/mailboxes/" + escaped + "/folders/" + url.QueryEscape(inbox.ID),
		"/BETA/Admin/Exchange/Mailboxes/" + strings.ToUpper(g.box.ID) + "/Folders/INBOX",
		"/v1.0/admin/exchange/mailboxes('" + g.box.ID + "')/folders('" + inbox.ID + "')",
		"/v1.0/admin/exchange/mailboxes/" + g.box.ID + "/folders(%27Inbox%27)/",
		"/v1.0/admin/exchange/mailboxes/" + g.box.ID + "/childFolders/" + inbox.ID,
		"/v1.0/admin/exchange/mailboxes/" + g.box.ID + "/folders/msgfolderroot/childFolders/" + inbox.ID,
	} {
		if f := get[folder](g, host+u); f.ID != inbox.ID || f.WellKnownName != "inbox" || f.DisplayName != "Inbox" {
			t.Errorf("%s is %+v", u, f)
		}
	}
	for _, u := range []string{"/folders/inbox/items/" + it.ID, "/folders('inbox')/items('" + it.ID + "')"} {
		if again := get[item](g, g.inMailbox(u)); again.ID != it.ID || again.ChangeKey != it.ChangeKey || again.LastModifiedDateTime == "" {
			t.Errorf("%s is %+v", u, again)
		}
	}
}

func TestRefusals(t *testing.T) {
	g := start(t, simulator.Options{Seed: 3, Items: 100, Mailboxes: 2})
	host := strings.TrimSuffix(g.url, "/v1.0")
	other := *g
	other.box = g.sim.Mailboxes()[1]
	it := get[page[item]](g, g.inMailbox("/folders/inbox/items")).Value[0]
	for _, c := range []struct {
		method, url, code string
		status            int
	}{
		{"GET", host + "/", "BadRequest", 400},
		{"GET", host + "/v2.0/users", "BadRequest", 400},
		{"GET", g.url + "/me/messages", "BadRequest", 400},
		{"GET", g.url + "/groups", "BadRequest", 400},
		{"GET", g.url, "BadRequest", 400},
		{"GET", g.url + "/users/nobody@contoso.com", "Request_ResourceNotFound", 404},
		{"GET", g.url + "/users/nobody@contoso.com/settings/exchange", "ErrorInvalidUser", 404},
		{"GET", g.url + "/admin/exchange/mailboxes/MBX:x@y/folders", "ResourceNotFound", 404},
		{"GET", g.inMailbox(""), "BadRequest", 400},
		{"GET", g.inMailbox("/messages"), "BadRequest", 400},
		{"GET", g.inMailbox("/exportItems"), "Request_BadRequest", 405},
		{"POST", g.inMailbox("/folders"), "Request_BadRequest", 405},
		{"GET", g.inMailbox("/folders/nosuchfolder"), "ErrorInvalidIdMalformed", 400},
		{"GET", other.inMailbox("/folders/" + get[folder](g, g.inMailbox("/folders/inbox")).ID), "ErrorItemNotFound", 404},
		{"GET", g.inMailbox("/folders/sentitems/items/" + it.ID), "ErrorItemNotFound", 404},
		{"GET", g.inMailbox("/folders/inbox/items/x"), "ErrorInvalidIdMalformed", 400},
		{"GET", g.inMailbox("/folders?%24top=0"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders?%24top=ten"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders?%24skip=-1"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders?%24search=x"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders?%24top=1&%24TOP=2"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24select=subject"), "RequestBroker--ParseUri", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24orderby=size"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24orderby=%20"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24filter=subject%20eq%20'x'"), "ErrorInvalidUrlQueryFilter", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24expand=attachments"), "RequestBroker--ParseUri", 400},
		{"GET", g.inMailbox("/folders/inbox/items?%24expand=singleValueExtendedProperties(%24filter=id%20eq%20'Text%200x37')"), "ErrorInvalidProperty", 400},
		{"GET", g.inMailbox("/folders?a=%zz"), "BadRequest", 400},
		{"GET", g.inMailbox("/folders?x=" + strings.Repeat("y", 40_000)), "BadRequest", 414},
	} {
		t.Run(c.method+strings.TrimPrefix(c.url, host)[:min(60, len(c.url)-len(host))], func(t *testing.T) {
			g := *g
			g.t = t
			if code := g.refused(c.status, c.method, c.url, nil); code != c.code {
				t.Errorf("code is %s, want %s", code, c.code)
			}
		})
	}
	if status, _, body := g.do(http.MethodHead, g.inMailbox("/folders"), nil); status != 405 || len(body) != 0 {
		t.Errorf("HEAD: %d %s", status, body)
	}
	_, h, _ := g.do(http.MethodGet, g.inMailbox("/folders"), nil, "client-request-id", "mine")
	if h.Get("client-request-id") != "mine" || h.Get("request-id") == "" {
		t.Errorf("header is %v", h)
	}
}

// FuzzRequest checks that every request is answered without a panic or an error of the server's.
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
