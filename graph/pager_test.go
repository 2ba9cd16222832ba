package graph_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// TestManyElements checks that a page takes memory for a bounded number of elements in lists, delta
// queries and items.
func TestManyElements(t *testing.T) {
	const size = 1 << 20
	many := strings.Repeat("{},", size/3)
	bodies := map[string]string{
		"elements":   `{"value":[` + many + `{"id":"a"}]}`,
		"properties": `{"value":[{"id":"a","singleValueExtendedProperties":[` + many + `{}]}]}`,
		"categories": `{"value":[{"id":"a","categories":[` + strings.Repeat(`"",`, size/3) + `""]}]}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			m := open(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) })
			calls := map[string]func() error{
				"items":   func() error { return listAll(t, m) },
				"folders": func() error { _, err := m.Folders(t.Context()); return err },
				"delta":   func() error { _, err := changed(t, m.Delta(t.Context(), "f", "")); return err },
			}
			for call, do := range calls {
				if err := do(); err == nil && name == "elements" {
					t.Errorf("%s: there was no error", call)
				}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_ = do()
				runtime.ReadMemStats(&after)
				// A page is requested some twenty times. What its elements take by themselves
				// would be 60 bytes for each byte of it, each time.
				if took := after.TotalAlloc - before.TotalAlloc; took > 30*12*size {
					t.Errorf("%s: %d MiB were allocated", call, took>>20)
				}
			}
		})
	}
}

// TestPagesShrink checks the lengths of pages when long ones fail, and that they grow again.
func TestPagesShrink(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(3000)}}
	var sizes []int
	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		top, _ := strconv.Atoi(r.URL.Query().Get("$top"))
		if len(sizes) == 0 || sizes[len(sizes)-1] != top {
			sizes = append(sizes, top)
		}
		if top > 100 {
			w.WriteHeader(http.StatusGatewayTimeout)
		}
		return top > 100
	}
	ids := itemIDs(t, open(t, s.ServeHTTP).AllItems(t.Context(), "f"))
	if len(ids) != 3000 || ids[2999] != "item2999" {
		t.Errorf("listed %d items", len(ids))
	}
	if diff := cmp.Diff([]int{999, 124, 15, 30, 60, 120, 7, 14, 28, 56}, sizes[:min(len(sizes), 10)]); diff != "" {
		t.Errorf("sizes (-want +got):\n%s", diff)
	}
	if n := len(s.queries()); n > 120 {
		t.Errorf("%d requests", n)
	}
}

// TestCursor checks that a listing continues behind the item of a cursor, and begins again if that
// item is not found.
func TestCursor(t *testing.T) {
	items := someItems(30)
	for i := range items {
		items[i].(object)["createdDateTime"] = fmt.Sprintf("2024-01-01T00:00:%02dZ", i)
	}
	s := &listServer{lists: map[string][]any{"folders/f/items": items}}
	m := newClient(t, s.ServeHTTP, graph.Options{PageSize: 10}).Open(mailboxID)
	var cursors []graph.Cursor
	for page, err := range m.Items(t.Context(), "f", graph.Cursor{}) {
		if err != nil {
			t.Fatal(err)
		}
		cursors = append(cursors, page.Cursor)
	}
	list := func(at graph.Cursor) string {
		before := len(s.queries())
		ids := itemIDs(t, graph.Flat(m.Items(t.Context(), "f", at)))
		return fmt.Sprint(ids[0], " ", len(ids), " ", len(s.queries())-before)
	}
	for i, want := range []string{"item0 30 3", "item10 20 2", "item20 10 1"} {
		if got := list(cursors[i]); got != want {
			t.Errorf("from page %d: %q, want %q", i, got, want)
		}
	}
	elsewhere := cursors[1]
	elsewhere.Link = strings.Replace(elsewhere.Link, "/folders/f/", "/folders/g/", 1)
	shifted := cursors[1]
	shifted.ID = "item9"
	for name, at := range map[string]graph.Cursor{"elsewhere": elsewhere, "shifted": shifted} {
		list(at)
		q := s.queries()[len(s.queries())-3]
		if q.Get("$filter") != "createdDateTime ge 2024-01-01T00:00:19Z" {
			t.Errorf("%s: %v", name, q)
		}
	}
	shifted.CreatedDateTime = graph.Cursor{}.CreatedDateTime
	if got := list(shifted); got != "item0 30 4" {
		t.Errorf("without a time: %q", got)
	}
}

// TestBrokenFolder checks how long a folder is listed whose pages fail while Graph answers for the
// mailbox.
func TestBrokenFolder(t *testing.T) {
	for _, status := range []int{500, 503, 504} {
		inBubble(t, func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/items") {
				w.WriteHeader(status)
				return
			}
			fmt.Fprint(w, `{"value":[]}`)
		}, graph.Options{}, func(t *testing.T, c *graph.Client) {
			began := time.Now()
			graphError(t, listAll(t, c.Open(mailboxID)), status, "")
			if took := time.Since(began); took > 2*time.Minute {
				t.Errorf("status %d: it took %v", status, took)
			}
		})
	}
}
