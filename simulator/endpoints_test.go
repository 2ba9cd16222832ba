package simulator_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestWalk goes the way of an export, with nothing but HTTP, and expects what the server says it holds.
func TestWalk(t *testing.T) {
	g := start(t, simulator.Options{Seed: 1, Items: 400, MaxItemSize: 100_000})
	u := get[struct{ ID, UserPrincipalName string }](g, g.url+"/users/megan.bowen@contoso.com")
	settings := get[struct{ PrimaryMailboxID string }](g, g.url+"/users/"+u.ID+"/settings/exchange")
	if settings.PrimaryMailboxID != g.box.ID {
		t.Fatalf("mailbox is %q, want %q", settings.PrimaryMailboxID, g.box.ID)
	}

	want := map[string]simulator.Folder{}
	for _, f := range g.sim.Folders(g.box.ID) {
		want[f.ID] = f
	}
	truth := map[string]simulator.Item{}
	for it := range g.sim.Items(g.box.ID) {
		truth[it.ID] = it
	}
	listed := 0
	for _, f := range g.walk() {
		w, ok := want[f.ID]
		if !ok || f.DisplayName != w.DisplayName || f.ParentFolderID != w.ParentID || f.TotalItemCount != w.Items ||
			f.WellKnownName != w.WellKnownName || w.Search != (f.SingleValueExtendedProperties[0].Value == "2") {
			t.Errorf("folder is %+v, want %+v", f, w)
		}
		delete(want, f.ID)
		items, pages := all[item](g, g.of("/folders/"+f.ID+"/items"))
		if len(items) != f.TotalItemCount || pages != max(1, (len(items)+9)/10) {
			t.Errorf("folder %q has %d items in %d pages, told %d", f.DisplayName, len(items), pages, f.TotalItemCount)
		}
		for _, it := range items {
			w := truth[it.ID]
			if it.ChangeKey != w.ChangeKey || it.Type != w.Type || it.Size != w.Size || w.FolderID != f.ID && !want[f.ID].Search && !searches(f) {
				t.Errorf("item is %+v, want %+v", it, w)
			}
			if !searches(f) {
				listed++
			}
		}
	}
	if len(want) != 1 || listed != len(truth) || listed != 400 { // all but the root
		t.Errorf("%d folders were not listed, %d items were", len(want), listed)
	}
}

func searches(f folder) bool { return f.SingleValueExtendedProperties[0].Value == "2" }

func TestExport(t *testing.T) {
	g := start(t, simulator.Options{Seed: 2, Items: 300, MaxItemSize: 100_000})
	ids := g.ids()
	keys := map[string]string{}
	for it := range g.sim.Items(g.box.ID) {
		keys[it.ID] = it.ChangeKey
	}
	for chunk := range slices.Chunk(ids, 20) {
		got := g.export(chunk...)
		if len(got) != len(chunk) {
			t.Fatalf("%d items came back of %d", len(got), len(chunk))
		}
		for i, e := range got {
			if e.ItemID != chunk[i] || e.Error != nil || e.ChangeKey != keys[e.ItemID] || !bytes.Equal(e.Data, g.stream(e.ItemID)) {
				t.Fatalf("item %s came back as %s with %d bytes, error %v", chunk[i], e.ItemID, len(e.Data), e.Error)
			}
		}
	}
	if s := g.sim.Stats(); s.Items != 300 || s.Requests[simulator.OpExport] != 15 || s.Statuses[200] != 15 || s.Total() != 15 {
		t.Errorf("stats are %+v", s)
	}

	if err := g.sim.Delete(g.box.ID, ids[3]); err != nil {
		t.Fatal(err)
	}
	got := g.export(ids[3], "nonsense", ids[4], strings.ToLower(ids[5]))
	codes := []string{"ErrorItemNotFound", "ErrorInvalidIdMalformed", "", "ErrorItemNotFound"}
	for i, e := range got {
		code := ""
		if e.Error != nil {
			code = e.Error.Code
		}
		if code != codes[i] || (e.Data == nil) != (code != "") {
			t.Errorf("item %d came back with code %q and %d bytes", i, code, len(e.Data))
		}
	}
}

func TestExportRefuses(t *testing.T) {
	g := start(t, simulator.Options{Items: 50})
	ids := g.ids()
	list := func(ids []string) []byte {
		b, _ := json.Marshal(map[string]any{"ItemIds": ids})
		return b
	}
	for name, c := range map[string]struct {
		body   []byte
		header string
		want   int
	}{
		"21 ids":       {list(ids[:21]), "", 400},
		"no ids":       {[]byte(`{"itemIds":[]}`), "", 400},
		"no list":      {[]byte(`{}`), "", 400},
		"null":         {[]byte(`null`), "", 400},
		"numbers":      {[]byte(`{"itemIds":[1]}`), "", 400},
		"no JSON":      {[]byte(`{"itemIds":["x`), "", 400},
		"too big":      {bytes.Repeat([]byte(" "), 2<<20), "", 413},
		"no gzip":      {list(ids[:1]), "gzip", 400},
		"deflate":      {list(ids[:1]), "deflate", 415},
		"gzip bomb":    {zip(bytes.Repeat([]byte(" "), 8<<20)), "gzip", 413},
		"cut off gzip": {zip(list(ids[:1]))[:20], "gzip", 400},
	} {
		t.Run(name, func(t *testing.T) {
			g := *g
			g.t = t
			if c.header != "" {
				g.header = http.Header{"Content-Encoding": {c.header}}
			}
			g.refused(c.want, http.MethodPost, g.of("/exportItems"), c.body)
		})
	}
	status, _, body := g.do(http.MethodPost, g.of("/exportItems"), zip(list(ids[:20])), "Content-Encoding", "gzip")
	if status != 200 || bytes.Count(body, []byte(`"data":"`)) != 20 {
		t.Errorf("compressed request: %d %.200s", status, body)
	}
}

func zip(b []byte) []byte {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(b)
	_ = w.Close()
	return z.Bytes()
}

// TestPaths: what is the same may be spelt in several ways.
func TestPaths(t *testing.T) {
	g := start(t, simulator.Options{Seed: 3, Items: 100})
	inbox := get[folder](g, g.of("/folders/inbox"))
	it := get[page[item]](g, g.of("/folders/inbox/items")).Value[0]
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
		if again := get[item](g, g.of(u)); again.ID != it.ID || again.ChangeKey != it.ChangeKey || again.LastModifiedDateTime == "" {
			t.Errorf("%s is %+v", u, again)
		}
	}
}

func TestRefusals(t *testing.T) {
	g := start(t, simulator.Options{Seed: 3, Items: 100, Mailboxes: 2})
	host := strings.TrimSuffix(g.url, "/v1.0")
	other := *g
	other.box = g.sim.Mailboxes()[1]
	it := get[page[item]](g, g.of("/folders/inbox/items")).Value[0]
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
		{"GET", g.of(""), "BadRequest", 400},
		{"GET", g.of("/messages"), "BadRequest", 400},
		{"GET", g.of("/exportItems"), "Request_BadRequest", 405},
		{"POST", g.of("/folders"), "Request_BadRequest", 405},
		{"GET", g.of("/folders/nosuchfolder"), "ErrorInvalidIdMalformed", 400},
		{"GET", other.of("/folders/" + get[folder](g, g.of("/folders/inbox")).ID), "ErrorItemNotFound", 404},
		{"GET", g.of("/folders/sentitems/items/" + it.ID), "ErrorItemNotFound", 404},
		{"GET", g.of("/folders/inbox/items/x"), "ErrorInvalidIdMalformed", 400},
		{"GET", g.of("/folders?%24top=0"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders?%24top=ten"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders?%24skip=-1"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders?%24search=x"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders?%24top=1&%24TOP=2"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders/inbox/items?%24select=subject"), "RequestBroker--ParseUri", 400},
		{"GET", g.of("/folders/inbox/items?%24orderby=size"), "ErrorInvalidUrlQuery", 400},
		{"GET", g.of("/folders/inbox/items?%24filter=subject%20eq%20'x'"), "ErrorInvalidUrlQueryFilter", 400},
		{"GET", g.of("/folders/inbox/items?%24expand=attachments"), "RequestBroker--ParseUri", 400},
		{"GET", g.of("/folders/inbox/items?%24expand=singleValueExtendedProperties(%24filter=id%20eq%20'Text%200x37')"), "ErrorInvalidProperty", 400},
		{"GET", g.of("/folders?a=%zz"), "BadRequest", 400},
		{"GET", g.of("/folders?x=" + strings.Repeat("y", 40_000)), "BadRequest", 414},
	} {
		t.Run(c.method+strings.TrimPrefix(c.url, host)[:min(60, len(c.url)-len(host))], func(t *testing.T) {
			g := *g
			g.t = t
			if code := g.refused(c.status, c.method, c.url, nil); code != c.code {
				t.Errorf("code is %s, want %s", code, c.code)
			}
		})
	}
	if status, _, body := g.do(http.MethodHead, g.of("/folders"), nil); status != 405 || len(body) != 0 {
		t.Errorf("HEAD: %d %s", status, body)
	}
	_, h, _ := g.do(http.MethodGet, g.of("/folders"), nil, "client-request-id", "mine")
	if h.Get("client-request-id") != "mine" || h.Get("request-id") == "" {
		t.Errorf("header is %v", h)
	}
}

func TestUsers(t *testing.T) {
	g := start(t, simulator.Options{Mailboxes: 250, Items: 10})
	type user struct{ ID, UserPrincipalName, DisplayName string }
	users, pages := all[user](g, g.url+"/users?%24select=id,userPrincipalName")
	if len(users) != 250 || pages != 3 || users[0].DisplayName != "" {
		t.Fatalf("%d users in %d pages", len(users), pages)
	}
	seen := map[string]bool{}
	for i, m := range g.sim.Mailboxes() {
		s := get[struct{ PrimaryMailboxID string }](g, g.url+"/users/"+users[i].UserPrincipalName+"/settings/exchange")
		if s.PrimaryMailboxID != m.ID || users[i].UserPrincipalName != m.User || seen[m.ID] {
			t.Fatalf("user %d is %+v with %s, want %+v", i, users[i], s.PrimaryMailboxID, m)
		}
		seen[m.ID] = true
	}
}

// TestTokenLifetime: a token holds for so long and no longer; a fixed one always does.
func TestTokenLifetime(t *testing.T) {
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	opts := simulator.Options{RequireToken: true, TokenLifetime: time.Minute, Now: func() time.Time { return now }}
	for _, fixed := range []string{"", "secret"} {
		opts.Token = fixed
		g := start(t, opts)
		form := "client_id=x&scope=x/.default&grant_type=client_credentials&client_secret=y"
		_, _, body := g.do(http.MethodPost, strings.TrimSuffix(g.url, "v1.0")+"t/oauth2/v2.0/token", []byte(form), "Content-Type", "application/x-www-form-urlencoded")
		var a struct {
			AccessToken string `json:"access_token"`
		}
		if err := json.Unmarshal(body, &a); err != nil || fixed != "" && a.AccessToken != fixed {
			t.Fatalf("%v: %s", err, body)
		}
		g.header.Set("Authorization", "bearer "+a.AccessToken)
		now = now.Add(59 * time.Second)
		get[page[folder]](g, g.of("/folders"))
		now = now.Add(time.Second)
		if fixed == "" {
			g.refused(401, http.MethodGet, g.of("/folders"), nil)
		} else {
			get[page[folder]](g, g.of("/folders"))
		}
	}
}

// TestManyFolders: a mailbox may have more folders than the usual ones, with items in them.
func TestManyFolders(t *testing.T) {
	g := start(t, simulator.Options{Folders: 200, Items: 4000})
	walked := g.walk()
	items := 0
	for _, f := range walked {
		if !searches(f) {
			items += f.TotalItemCount
		}
	}
	if len(walked) != 200 || items != 4000 {
		t.Errorf("%d folders with %d items", len(walked), items)
	}
}

func TestTokens(t *testing.T) {
	g := start(t, simulator.Options{Items: 20, RequireToken: true})
	host := strings.TrimSuffix(g.url, "/v1.0")
	type answer struct {
		TokenType        string `json:"token_type"`
		ExpiresIn        int    `json:"expires_in"`
		AccessToken      string `json:"access_token"`
		Error            string
		ErrorDescription string `json:"error_description"`
		ErrorCodes       []int  `json:"error_codes"`
	}
	ask := func(pairs ...string) (int, answer) {
		form := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			form.Set(pairs[i], pairs[i+1])
		}
		status, _, body := g.do(http.MethodPost, host+"/contoso.com/oauth2/v2.0/token", []byte(form.Encode()), "Content-Type", "application/x-www-form-urlencoded")
		var a answer
		if err := json.Unmarshal(body, &a); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
		return status, a
	}
	const scope = "https://graph.microsoft.com/.default"
	status, ok := ask("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_secret", "y")
	if status != 200 || ok.TokenType != "Bearer" || ok.ExpiresIn != 3600 || !strings.HasPrefix(ok.AccessToken, "eyJ") {
		t.Fatalf("token: %d %+v", status, ok)
	}
	if status, a := ask("client_id", "x", "scope", "mail", "grant_type", "client_credentials", "client_secret", "y"); status != 400 ||
		a.Error != "invalid_scope" || !slices.Equal(a.ErrorCodes, []int{70011}) || !strings.HasPrefix(a.ErrorDescription, "AADSTS70011: ") {
		t.Errorf("wrong scope: %d %+v", status, a)
	}
	if status, a := ask("client_id", "x", "scope", scope, "grant_type", "client_credentials"); status != 401 || a.Error != "invalid_client" {
		t.Errorf("no secret: %d %+v", status, a)
	}

	for want, form := range map[string][]string{
		"invalid_request":        {"client_id", "x"},
		"unsupported_grant_type": {"client_id", "x", "grant_type", "password"},
		"invalid_scope":          {"client_id", "x", "grant_type", "client_credentials"},
		"invalid_client":         {"client_id", "x", "grant_type", "client_credentials", "scope", scope, "client_assertion", "y"},
	} {
		if status, a := ask(form...); status < 400 || a.Error != want {
			t.Errorf("%v: %d %+v", form, status, a)
		}
	}
	const assertion = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
	if status, _ := ask("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_assertion", "y", "client_assertion_type", assertion); status != 200 {
		t.Errorf("assertion: %d", status)
	}

	for name, header := range map[string]string{
		"none": "", "empty": "Bearer ", "other": "Basic abc", "nonsense": "Bearer abc",
		"forged": "Bearer " + ok.AccessToken[:len(ok.AccessToken)-4] + "AAAA",
	} {
		if code := g.refused(401, http.MethodGet, g.of("/folders"), nil, "Authorization", header); code != "InvalidAuthenticationToken" {
			t.Errorf("%s token: code %s", name, code)
		}
	}
	g.header.Set("Authorization", "Bearer "+ok.AccessToken)
	get[page[folder]](g, g.of("/folders"))
	if c := get[map[string]string](g, host+"/contoso.com/v2.0/.well-known/openid-configuration"); c["token_endpoint"] != host+"/contoso.com/oauth2/v2.0/token" {
		t.Errorf("configuration is %v", c)
	}
	g.sim.RevokeTokens()
	g.refused(401, http.MethodGet, g.of("/folders"), nil)
	_, fresh := ask("client_id", "x", "scope", scope, "grant_type", "client_credentials", "client_secret", "y")
	g.header.Set("Authorization", "Bearer "+fresh.AccessToken)
	get[page[folder]](g, g.of("/folders"))
}
