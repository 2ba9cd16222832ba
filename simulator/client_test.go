package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// client is a client that knows only HTTP and JSON, and its server.
type client struct {
	t      testing.TB
	sim    *simulator.Server
	url    string // of v1.0
	box    simulator.Mailbox
	http   *http.Client
	header http.Header
}

func start(t testing.TB, opts simulator.Options) *client {
	t.Helper()
	sim, err := simulator.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	return &client{t: t, sim: sim, url: server.URL + "/v1.0", box: sim.Mailboxes()[0], http: server.Client(), header: http.Header{}}
}

func (g *client) beta() *client {
	b := *g
	b.url = strings.TrimSuffix(g.url, "v1.0") + "beta"
	return &b
}

// inMailbox returns the URL of a path below the mailbox.
func (g *client) inMailbox(path string) string {
	return g.url + "/admin/exchange/mailboxes/" + g.box.ID + path
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	for _, err := range errs {
		if err != nil {
			t.Fatal(err)
		}
	}
}

func searches(f folder) bool { return f.SingleValueExtendedProperties[0].Value == "2" }

func q(pairs ...string) string {
	var all []string
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, url.QueryEscape(pairs[i])+"="+url.QueryEscape(pairs[i+1]))
	}
	return "?" + strings.Join(all, "&")
}

func ids(items []item) []string {
	var ids []string
	for _, it := range items {
		ids = append(ids, it.ID)
	}
	return ids
}

// do sends a request and returns the status, the header and the body.
func (g *client) do(method, url string, body []byte, header ...string) (int, http.Header, []byte) {
	g.t.Helper()
	resp, err := g.send(method, url, body, header...)
	if err != nil {
		g.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		g.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, text
}

func (g *client) send(method, url string, body []byte, header ...string) (*http.Response, error) {
	g.t.Helper()
	req, err := http.NewRequestWithContext(g.t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	req.Header = g.header.Clone()
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return g.http.Do(req)
}

// get requests JSON and decodes it.
func get[T any](g *client, url string, header ...string) T {
	g.t.Helper()
	status, _, body := g.do(http.MethodGet, url, nil, header...)
	var v T
	if err := json.Unmarshal(body, &v); err != nil || status != http.StatusOK {
		g.t.Fatalf("GET %s: %d %v: %.300s", url, status, err, body)
	}
	return v
}

// refused sends a request that must fail with a status, and returns the code of the error.
func (g *client) refused(want int, method, url string, body []byte, header ...string) string {
	g.t.Helper()
	status, h, text := g.do(method, url, body, header...)
	var e struct {
		Error struct {
			Code, Message string
			InnerError    struct {
				Date            string
				RequestID       string `json:"request-id"`
				ClientRequestID string `json:"client-request-id"`
			}
		}
	}
	if err := json.Unmarshal(text, &e); err != nil || status != want {
		g.t.Fatalf("%s %s: %d %v: %.300s; want %d", method, url, status, err, text, want)
	}
	if e.Error.Code == "" || e.Error.Message == "" || h.Get("request-id") == "" {
		g.t.Errorf("%s %s: bad envelope %s", method, url, text)
	}
	if inner := e.Error.InnerError; inner.Date != "" && inner.RequestID != h.Get("request-id") {
		g.t.Errorf("request ids are %q and %q", inner.RequestID, h.Get("request-id"))
	}
	return e.Error.Code
}

type folder struct {
	ID, DisplayName, ParentFolderID, Type, WellKnownName string
	ChildFolderCount, TotalItemCount                     int
	Removed                                              *struct{ Reason string } `json:"@removed"`
	SingleValueExtendedProperties                        []property
}

type item struct {
	ID, ChangeKey, Type                   string
	CreatedDateTime, LastModifiedDateTime string
	Size                                  int64
	Categories                            []string
	Removed                               *struct{ Reason string } `json:"@removed"`
	SingleValueExtendedProperties         []property
}

type property struct{ ID, Value string }

type page[T any] struct {
	Value     []T
	Count     int    `json:"@odata.count"`
	NextLink  string `json:"@odata.nextLink"`
	DeltaLink string `json:"@odata.deltaLink"`
}

// all follows a list to its end.
func all[T any](g *client, url string, header ...string) (elements []T, pages int) {
	g.t.Helper()
	for url != "" {
		p := get[page[T]](g, url, header...)
		elements = append(elements, p.Value...)
		url = p.NextLink
		pages++
	}
	return elements, pages
}

// walk lists all folders, hidden ones too, as a client does.
func (g *client) walk() []folder {
	g.t.Helper()
	const expand = "?%24top=50&includeHiddenFolders=true&%24expand=singleValueExtendedProperties(%24filter%3Did%20eq%20'Integer%200x3601')"
	level, _ := all[folder](g, g.inMailbox("/folders")+expand)
	var found []folder
	for len(level) > 0 {
		f := level[0]
		level, found = level[1:], append(found, f)
		if f.ChildFolderCount > 0 {
			below, _ := all[folder](g, g.inMailbox("/folders/"+f.ID+"/childFolders")+expand)
			level = append(level, below...)
		}
	}
	return found
}

// exported is an element of an answer of exportItems.
type exported struct {
	ItemID, ChangeKey string
	Data              []byte
	Error             *struct{ Code, Message string }
}

func (g *client) export(ids ...string) []exported {
	g.t.Helper()
	body, err := json.Marshal(map[string]any{"itemIds": ids})
	if err != nil {
		g.t.Fatal(err)
	}
	status, _, text := g.do(http.MethodPost, g.inMailbox("/exportItems"), body)
	var answer struct{ Value []exported }
	if err := json.Unmarshal(text, &answer); err != nil || status != http.StatusOK {
		g.t.Fatalf("exportItems: %d %v: %.300s", status, err, text)
	}
	return answer.Value
}

// stream returns the bytes that WriteItem writes.
func (g *client) stream(id string) []byte {
	g.t.Helper()
	var b bytes.Buffer
	if err := g.sim.WriteItem(&b, g.box.ID, id); err != nil {
		g.t.Fatal(err)
	}
	return b.Bytes()
}

func (g *client) ids() []string {
	var ids []string
	for it := range g.sim.Items(g.box.ID) {
		ids = append(ids, it.ID)
	}
	return ids
}

// tryExport exports items, and returns nil if the request fails.
func (g *client) tryExport(ids []string) []exported {
	body, err := json.Marshal(map[string]any{"itemIds": ids})
	if err != nil {
		g.t.Fatal(err)
	}
	resp, err := g.send(http.MethodPost, g.inMailbox("/exportItems"), body)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var answer struct{ Value []exported }
	if json.NewDecoder(resp.Body).Decode(&answer) != nil || resp.StatusCode != http.StatusOK {
		return nil
	}
	return answer.Value
}
