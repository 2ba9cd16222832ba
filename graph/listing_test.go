package graph_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// A listServer is a mailbox of lists, by path below the mailbox, in pages like Graph's. refuse, if
// set, answers instead.
type listServer struct {
	lists  map[string][]any
	refuse func(w http.ResponseWriter, r *http.Request) bool

	mu   sync.Mutex
	urls []*url.URL
}

func (s *listServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.urls = append(s.urls, r.URL)
	s.mu.Unlock()
	if s.refuse != nil && s.refuse(w, r) {
		return
	}
	path := strings.TrimPrefix(r.URL.Path, "/v1.0/admin/exchange/mailboxes/"+mailboxID+"/")
	all, ok := s.lists[path]
	if !ok {
		refuse(w, http.StatusNotFound, "ErrorItemNotFound", path)
		return
	}
	q := r.URL.Query()
	skip, _ := strconv.Atoi(q.Get("$skip"))
	top, _ := strconv.Atoi(q.Get("$top"))
	if top == 0 {
		top = 10
	}
	page := map[string]any{"value": all[min(skip, len(all)):min(skip+top, len(all))]}
	if skip+top < len(all) {
		q.Set("$skip", strconv.Itoa(skip+top))
		page["@odata.nextLink"] = "http://" + r.Host + r.URL.EscapedPath() + "?" + q.Encode()
	}
	_ = json.NewEncoder(w).Encode(page)
}

func (s *listServer) queries() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []url.Values
	for _, u := range s.urls {
		all = append(all, u.Query())
	}
	return all
}

type object map[string]any

func someItems(n int) []any {
	items := make([]any, n)
	for i := range items {
		items[i] = object{"id": fmt.Sprint("item", i)}
	}
	return items
}

func itemIDs(t *testing.T, items func(func(graph.Item, error) bool)) []string {
	t.Helper()
	var ids []string
	for it, err := range items {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, it.ID)
	}
	return ids
}

// TestShape checks what is requested when a service refuses something, and that the client
// remembers it.
func TestShape(t *testing.T) {
	has := func(names ...string) func(url.Values) string {
		return func(q url.Values) string {
			for _, name := range names {
				if q.Has(name) {
					return "The query option " + name + " is not supported."
				}
			}
			return ""
		}
	}
	tests := []struct {
		name          string
		refuse        func(url.Values) string
		status        int
		refused       int
		expand, order bool
		top           string
	}{
		{"nothing", has(), 400, 0, true, true, "999"},
		{"expand", has("$expand"), 400, 2, false, true, "999"},
		{"orderby", has("$orderby"), 501, 1, true, false, "999"},
		{"both", has("$expand", "$orderby"), 400, 3, false, false, "999"},
		{"all options", has("$expand", "$orderby", "$select"), 400, 4, false, false, "999"},
		{"top", has("$top"), 400, 4, true, true, ""},
		{"large pages", func(q url.Values) string {
			if top, _ := strconv.Atoi(q.Get("$top")); top > 250 {
				return "Page size is above 250."
			}
			return ""
		}, 400, 2, true, true, "250"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			refused := 0
			s := &listServer{lists: map[string][]any{"folders/f/items": someItems(300)}}
			s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
				why := tt.refuse(r.URL.Query())
				if why != "" {
					refused++
					refuse(w, tt.status, "BadRequest", why)
				}
				return why != ""
			}
			m := open(t, s.ServeHTTP)
			for range 2 {
				if n := len(itemIDs(t, m.AllItems(t.Context(), "f"))); n != 300 {
					t.Errorf("listed %d items", n)
				}
			}
			if refused != tt.refused {
				t.Errorf("%d requests were refused, want %d", refused, tt.refused)
			}
			queries := s.queries()
			q := queries[len(queries)-1]
			if q.Has("$expand") != tt.expand || q.Has("$orderby") != tt.order || q.Get("$top") != tt.top {
				t.Errorf("got %v", q)
			}
		})
	}
}

// TestRefusedForOtherReasons checks that errors which do not concern the query do not change it.
func TestRefusedForOtherReasons(t *testing.T) {
	for _, code := range []string{"ErrorInvalidIdMalformed", "MailboxNotEnabledForRESTAPI"} {
		s := &listServer{refuse: func(w http.ResponseWriter, _ *http.Request) bool {
			refuse(w, 400, code, "why")
			return true
		}}
		graphError(t, listAll(t, open(t, s.ServeHTTP)), 400, code)
		if n := len(s.queries()); n != 1 {
			t.Errorf("%s: %d requests", code, n)
		}
	}
	s := &listServer{refuse: func(w http.ResponseWriter, _ *http.Request) bool {
		refuse(w, 400, "BadRequest", "whatever you ask")
		return true
	}}
	graphError(t, listAll(t, open(t, s.ServeHTTP)), 400, "BadRequest")
}

// TestTooMuch checks that a page which is malformed, too large or too slow with extended properties
// is listed without them, anywhere in a list.
func TestTooMuch(t *testing.T) {
	answers := map[string]func(w http.ResponseWriter){
		"malformed": func(w http.ResponseWriter) { fmt.Fprint(w, `{"value":[{"id":"item0"},`) },
		"too large": func(w http.ResponseWriter) { fmt.Fprintf(w, `{"value":[{"id":%q}]}`, strings.Repeat("x", 17<<20)) },
		"too slow":  func(w http.ResponseWriter) { w.WriteHeader(http.StatusGatewayTimeout) },
	}
	for name, answer := range answers {
		for _, skip := range []string{"", "500"} {
			t.Run(name+skip, func(t *testing.T) {
				s := &listServer{lists: map[string][]any{"folders/f/items": someItems(900)}}
				s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
					q := r.URL.Query()
					if q.Has("$expand") && q.Get("$skip") == skip {
						answer(w)
						return true
					}
					return false
				}
				m := newClient(t, s.ServeHTTP, graph.Options{PageSize: 500}).Open(mailboxID)
				seen := map[string]bool{}
				for _, id := range itemIDs(t, m.AllItems(t.Context(), "f")) {
					seen[id] = true
				}
				if len(seen) != 900 {
					t.Errorf("listed %d items", len(seen))
				}
				var requests int
				for range graph.MaxBarePages {
					before := len(s.queries())
					if n := len(itemIDs(t, m.AllItems(t.Context(), "f"))); n != 900 {
						t.Errorf("listed %d items again", n)
					}
					requests = len(s.queries()) - before
				}
				if requests != 2 {
					t.Errorf("the last listing took %d requests", requests)
				}
			})
		}
	}
}

// TestPagesWithoutEnd checks that every list ends.
func TestPagesWithoutEnd(t *testing.T) {
	tests := map[string]func(n int) string{
		"same page":   func(int) string { return "?p=1" },
		"two pages":   func(n int) string { return fmt.Sprint("?p=", n%2) },
		"late circle": func(n int) string { return fmt.Sprint("?p=", min(n, 40+n%7)) },
		"empty pages": func(n int) string { return fmt.Sprint("?p=", n) },
		"empty page":  func(n int) string { return "?p=1" },
	}
	for name, link := range tests {
		t.Run(name, func(t *testing.T) {
			n := 0
			m := open(t, func(w http.ResponseWriter, r *http.Request) {
				n++
				value := `{"id":"x"}`
				if strings.HasPrefix(name, "empty page") {
					value = ""
				}
				fmt.Fprintf(w, `{"value":[%s],"@odata.nextLink":%q}`, value, link(n))
			})
			graphError(t, listAll(t, m), 0, "")
			if n > 150 {
				t.Errorf("%d pages were read", n)
			}
		})
	}
}

// TestEmptyPages checks that some pages may be empty.
func TestEmptyPages(t *testing.T) {
	n := 0
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		n++
		switch {
		case n%90 == 0 && n < 450:
			fmt.Fprintf(w, `{"value":[{"id":"%d"}],"@odata.nextLink":"?p=%[1]d"}`, n)
		case n < 450:
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"?p=%d"}`, n)
		default:
			fmt.Fprint(w, `{"value":null}`)
		}
	})
	if ids := itemIDs(t, m.AllItems(t.Context(), "f")); len(ids) != 4 {
		t.Errorf("listed %q", ids)
	}
}

// TestEmptyPageAgain checks that an empty page may be requested again.
func TestEmptyPageAgain(t *testing.T) {
	n := 0
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		switch n++; {
		case n%4 != 0:
			fmt.Fprintf(w, `{"value":[],"@odata.nextLink":"?p=%d"}`, n/4)
		case n < 40:
			fmt.Fprintf(w, `{"value":[{"id":"%d"}],"@odata.nextLink":"?p=%[1]d"}`, n/4)
		default:
			fmt.Fprint(w, `{"value":[{"id":"last"}]}`)
		}
	})
	if ids := itemIDs(t, m.AllItems(t.Context(), "f")); len(ids) != 10 {
		t.Errorf("listed %q", ids)
	}
}

// TestCutPages checks that pages which are cut off or refused are requested again.
func TestCutPages(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(50)}}
	var count atomic.Int64
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		n := count.Add(1)
		switch n % 4 {
		case 1:
			panic(http.ErrAbortHandler)
		case 2:
			fmt.Fprint(w, `{"value":[`)
		case 3:
			refuse(w, http.StatusBadGateway, "", "")
		}
		return n%4 != 0
	}
	m := newClient(t, s.ServeHTTP, graph.Options{PageSize: 10}).Open(mailboxID)
	if ids := itemIDs(t, m.AllItemIDs(t.Context(), "f")); len(ids) != 50 || ids[49] != "item49" {
		t.Errorf("listed %q", ids)
	}
}

func TestListStops(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(50)}}
	m := newClient(t, s.ServeHTTP, graph.Options{PageSize: 10}).Open(mailboxID)
	n := 0
	for range m.AllItems(t.Context(), "f") {
		if n++; n == 15 {
			break
		}
	}
	if len(s.queries()) != 2 {
		t.Errorf("%d pages were requested", len(s.queries()))
	}
}

// TestNoID checks that items without ids count as unlisted, up to a bound, and that folders without
// ids are an error.
func TestNoID(t *testing.T) {
	for n, fails := range map[int]bool{1: false, 8: false, 9: true} {
		list := someItems(5)
		for range n {
			list = append(list, object{"size": 1})
		}
		s := &listServer{lists: map[string][]any{"folders/f/items": append(list, someItems(1)...)}}
		items, unlisted := 0, 0
		var failed error
		for page, err := range open(t, s.ServeHTTP).Items(t.Context(), "f", graph.Cursor{}) {
			if failed = err; err == nil {
				items, unlisted = items+len(page.Items), unlisted+len(page.Unlisted)
			}
		}
		if fails {
			graphError(t, failed, 0, "")
		} else if failed != nil || items != 6 || unlisted != n {
			t.Errorf("%d without ids: %d items, %d unlisted, %v", n, items, unlisted, failed)
		}
	}
	s := &listServer{lists: map[string][]any{"folders": {object{"displayName": "x"}}}}
	_, err := open(t, s.ServeHTTP).Folders(t.Context())
	graphError(t, err, 0, "")
}

// TestPathsAreEscaped checks that an id of any bytes is one segment of a path.
func TestPathsAreEscaped(t *testing.T) {
	const id = "A/B+c==?x#%41 ü"
	var got string
	m := open(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		fmt.Fprint(w, `{"value":[]}`)
	})
	itemIDs(t, m.AllItems(t.Context(), id))
	want := []string{"", "v1.0", "admin", "exchange", "mailboxes", mailboxID, "folders", id, "items"}
	var segments []string
	for _, raw := range strings.Split(got, "/") {
		s, err := url.PathUnescape(raw)
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, s)
	}
	if diff := cmp.Diff(want, segments); diff != "" {
		t.Error(diff)
	}
}
