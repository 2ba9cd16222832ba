package graph_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/simulator"
)

func items(t *testing.T, m *graph.MailboxClient) []graph.Item {
	t.Helper()
	var all []graph.Item
	for it, err := range m.AllItems(t.Context(), "f") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, it)
	}
	return all
}

// property returns an extended property.
func property(id string, value any) object { return object{"id": id, "value": value} }

// TestItemProperties reads the properties of an item in all spellings.
func TestItemProperties(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": {
		object{"id": "a", "changeKey": "k", "type": "IPM.Note", "size": 71133, "categories": []string{"x", "y"},
			"createdDateTime": "2021-09-15T12:16:38Z", "lastModifiedDateTime": "2021-09-15T14:16:41+02:00",
			"singleValueExtendedProperties": []object{
				property("String 0x37", "Grüße 😀"), property("String 0xc1a", "Megan"), property("string 0x5D01", "megan@contoso.com"),
				property("String 0x0C1F", "/O=X"), property("SystemTime 0xe06", "2021-09-15T12:16:37.25Z"), property("String 0x1035", "<1@x>"),
				property("Boolean 0xe1b", "true"), property("Binary 0x300b", "AAEC"), property("String 0x1234", "not requested"),
			}},
		object{"id": "b", "createdDateTime": "yesterday", "lastModifiedDateTime": nil, "categories": nil,
			"singleValueExtendedProperties": []object{property("String 0xc1f", "/O=X"), property("Boolean 0xe1b", false), property("Binary 0x300b", "?"),
				property("SystemTime 0xe06", "x"), property("", nil)}},
		object{"id": "c", "singleValueExtendedProperties": []object{property("String 0x37", strings.Repeat("é", 1000)), property("Binary 0x300b", strings.Repeat("A", 4000))}},
		object{"id": "d", "singleValueExtendedProperties": nil},
	}}}
	got := items(t, open(t, s.ServeHTTP))
	want := []graph.Item{
		{ID: "a", ChangeKey: "k", Type: "IPM.Note", Size: 71133, Categories: []string{"x", "y"},
			CreatedDateTime: time.Date(2021, 9, 15, 12, 16, 38, 0, time.UTC), LastModifiedDateTime: time.Date(2021, 9, 15, 12, 16, 41, 0, time.UTC),
			Properties: graph.Properties{Subject: "Grüße 😀", Sender: graph.Address{Name: "Megan", Address: "megan@contoso.com"},
				ReceivedDateTime: time.Date(2021, 9, 15, 12, 16, 37, 25e7, time.UTC), InternetMessageID: "<1@x>", HasAttachments: true, SearchKey: []byte{0, 1, 2}}},
		{ID: "b", Properties: graph.Properties{Sender: graph.Address{Address: "/O=X"}}},
		{ID: "c", Properties: graph.Properties{Subject: strings.Repeat("é", 512)}},
		{ID: "d"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestNoProperties checks which listings request properties.
func TestNoProperties(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(1)}}
	expanded := func(f func(m *graph.MailboxClient), opts graph.Options) bool {
		f(newClient(t, s.ServeHTTP, opts).Open(mailboxID))
		queries := s.queries()
		return strings.Contains(queries[len(queries)-1].Get("$expand"), "String 0x0037")
	}
	list := func(m *graph.MailboxClient) { itemIDs(t, m.AllItems(t.Context(), "f")) }
	ids := func(m *graph.MailboxClient) { itemIDs(t, m.AllItemIDs(t.Context(), "f")) }
	since := func(m *graph.MailboxClient) { itemIDs(t, graph.Flat(m.ItemsSince(t.Context(), "f", time.Now()))) }
	without := graph.Options{NoProperties: true}
	if !expanded(list, graph.Options{}) || !expanded(since, graph.Options{}) || expanded(ids, graph.Options{}) {
		t.Error("properties are requested by the wrong listings")
	}
	if expanded(list, without) || expanded(since, without) {
		t.Error("properties are requested despite NoProperties")
	}
}

// TestItemsSince checks that the time of the filter is never rounded up, and that a refused filter
// is left out.
func TestItemsSince(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(3)}}
	m := open(t, s.ServeHTTP)
	zone := time.FixedZone("", 2*60*60)
	for i, at := range []time.Time{
		time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 5, 999_999_999, time.UTC), time.Date(2026, 1, 2, 5, 4, 5, 1, zone),
	} {
		itemIDs(t, graph.Flat(m.ItemsSince(t.Context(), "f", at)))
		q := s.queries()[i]
		if got := q.Get("$filter"); got != "lastModifiedDateTime gt 2026-01-02T03:04:05Z" || q.Has("$orderby") {
			t.Errorf("got %v", q)
		}
	}
	later := time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)
	itemIDs(t, graph.Flat(m.ItemsSince(t.Context(), "f", later)))
	if got := s.queries()[3].Get("$filter"); got != "lastModifiedDateTime gt 2027-01-01T00:00:00Z" {
		t.Errorf("another time is filtered with %q", got)
	}

	s.refuse = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Query().Has("$filter") {
			refuse(w, 400, "ErrorInvalidRestriction", "The restriction or sort order is too complex for this operation.")
			return true
		}
		return false
	}
	if ids := itemIDs(t, graph.Flat(open(t, s.ServeHTTP).ItemsSince(t.Context(), "f", later))); len(ids) != 3 {
		t.Errorf("listed %q", ids)
	}
}

// TestLargeFolder lists a folder page by page, by Graph's links.
func TestLargeFolder(t *testing.T) {
	s := &listServer{lists: map[string][]any{"folders/f/items": someItems(5000)}}
	ids := itemIDs(t, open(t, s.ServeHTTP).AllItems(t.Context(), "f"))
	for i, id := range ids {
		if id != fmt.Sprint("item", i) {
			t.Fatalf("item %d is %s", i, id)
		}
	}
	if len(ids) != 5000 || len(s.queries()) != 6 {
		t.Errorf("%d items came with %d requests", len(ids), len(s.queries()))
	}
}

// TestItem checks that Item returns the current state of an item.
func TestItem(t *testing.T) {
	w := newSimulation(t, "v1.0", simulator.Options{Items: 60})
	folders, items := w.listed()
	for _, f := range folders {
		for it, err := range w.box.AllItems(t.Context(), f.ID) {
			if err != nil {
				t.Fatal(err)
			}
			if err := w.sim.Touch(w.mailbox.ID, it.ID); err != nil {
				t.Fatal(err)
			}
			got, err := w.box.Item(t.Context(), f.ID, it.ID)
			if err != nil || got.ID != it.ID || got.ChangeKey == items[it.ID].ChangeKey || !got.LastModifiedDateTime.After(it.LastModifiedDateTime) {
				t.Errorf("got %+v, %v, listed as %+v", got, err, it)
			}
			if _, err := w.box.Item(t.Context(), f.ID, "none"); err == nil {
				t.Error("there is an item none")
			}
			return
		}
	}
}

// TestParseTime checks that times which rows cannot represent are left out.
func TestParseTime(t *testing.T) {
	last := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for s, want := range map[string]time.Time{
		"9999-12-31T23:59:59Z": last, "9999-12-31T15:59:59-08:00": last,
		"9999-12-31T23:59:59-08:00": {}, "0000-01-01T00:00:00+08:00": {}, "": {}, "yesterday": {},
	} {
		if got := graph.ParseTime(s); !got.Equal(want) {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
		if _, err := graph.ParseTime(s).MarshalText(); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}
