package simulator_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestPaging(t *testing.T) {
	g := start(t, simulator.Options{Seed: 4, Items: 3000, MaxPageSize: 200})
	inbox := g.inMailbox("/folders/inbox/items")
	total := get[folder](g, g.inMailbox("/folders/inbox")).TotalItemCount
	for _, c := range []struct {
		query, prefer string
		size          int
	}{
		{"", "", 10},
		{q("$top", "50"), "", 50},
		{q("$TOP", "999"), "", 200},
		{"", "odata.maxpagesize=30", 30},
		{"", `IdType="ImmutableId", odata.maxpagesize=70`, 70},
		{q("$top", "40"), "odata.maxpagesize=60", 40},
		{q("$top", "20", "$skip", "5"), "", 20},
		{"", "odata.maxpagesize=many", 10},
	} {
		header := []string{}
		if c.prefer != "" {
			header = []string{"Prefer", c.prefer}
		}
		items, pages := all[item](g, inbox+c.query, header...)
		want := total
		if strings.Contains(c.query, "skip") {
			want -= 5
		}
		seen := map[string]bool{}
		for _, it := range items {
			seen[it.ID] = true
		}
		if len(items) != want || len(seen) != want || pages != (want+c.size-1)/c.size {
			t.Errorf("%s %s: %d items, %d different, in %d pages; want %d", c.query, c.prefer, len(items), len(seen), pages, want)
		}
	}

	p := get[page[item]](g, inbox+q("$top", "2", "$select", "type,size", "$filter", "type eq 'IPM.Note'", "$count", "true"))
	link := "('inbox')/items?%24count=true&%24filter=type%20eq%20%27IPM.Note%27&%24select=type%2Csize&%24top=2&%24skip=2"
	if !strings.HasSuffix(p.NextLink, link) || len(p.Value) != 2 || p.Count < 2 || p.Count >= total {
		t.Errorf("page is %+v", p)
	}
	if v := p.Value[0]; v.ID == "" || v.Type == "" || v.Size == 0 || v.ChangeKey != "" || v.CreatedDateTime != "" {
		t.Errorf("selected item is %+v", v)
	}
	if p := get[page[item]](g, inbox+q("$skip", "100000")); len(p.Value) != 0 || p.NextLink != "" {
		t.Errorf("page after the end is %+v", p)
	}
}

// TestDrift checks that items which leave while pages are read by $skip shift the rest.
func TestDrift(t *testing.T) {
	g := start(t, simulator.Options{Seed: 5, Items: 200})
	inbox := g.inMailbox("/folders/inbox/items")
	before, _ := all[item](g, inbox)
	first := get[page[item]](g, inbox)
	if err := g.sim.Delete(g.box.ID, first.Value[0].ID); err != nil {
		t.Fatal(err)
	}
	rest, _ := all[item](g, first.NextLink)
	if len(rest) != len(before)-11 || rest[0].ID != before[11].ID {
		t.Errorf("%d items follow, want %d", len(rest), len(before)-11)
	}
	id, err := g.sim.Add(g.box.ID, "inbox")
	if err != nil {
		t.Fatal(err)
	}
	after, _ := all[item](g, inbox)
	if f := get[folder](g, g.inMailbox("/folders/inbox")); len(after) != len(before) || after[len(after)-1].ID != id || f.TotalItemCount != len(after) {
		t.Errorf("%d items, want %d; the folder has %d", len(after), len(before), f.TotalItemCount)
	}
}

func TestOrder(t *testing.T) {
	g := start(t, simulator.Options{Seed: 6, Items: 400})
	inbox := g.inMailbox("/folders/inbox/items")
	plain, _ := all[item](g, inbox)
	for _, i := range []int{3, 50, 7, 100} {
		if err := g.sim.Touch(g.box.ID, plain[i].ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.sim.Delete(g.box.ID, plain[60].ID); err != nil {
		t.Fatal(err)
	}
	added, err := g.sim.Add(g.box.ID, "Inbox")
	if err != nil {
		t.Fatal(err)
	}
	old := ids(plain)
	want := append(slices.Delete(slices.Clone(old), 60, 61), added)
	byCreation, _ := all[item](g, inbox+q("$orderby", "createdDateTime", "$top", "7"))
	if !slices.Equal(ids(byCreation), want) {
		t.Error("the order by creation is wrong")
	}
	last := []string{old[3], old[50], old[7], old[100], added}
	wantChange := append(slices.DeleteFunc(slices.Clone(want), func(id string) bool { return slices.Contains(last, id) }), last...)
	byChange, _ := all[item](g, inbox+q("$orderby", "lastModifiedDateTime asc", "$top", "7"))
	if !slices.Equal(ids(byChange), wantChange) {
		t.Error("the order by change is wrong")
	}
	slices.Reverse(wantChange)
	descending, _ := all[item](g, inbox+q("$orderby", "lastModifiedDateTime DESC"))
	if !slices.Equal(ids(descending), wantChange) {
		t.Error("the descending order by change is wrong")
	}
	folders, _ := all[folder](g, g.inMailbox("/folders")+q("$orderby", "displayName desc"))
	if !slices.IsSortedFunc(folders, func(a, b folder) int {
		return -strings.Compare(strings.ToLower(a.DisplayName), strings.ToLower(b.DisplayName))
	}) {
		t.Error("the folders are not in order")
	}
}

// TestFilter checks filters. Answers have times in seconds, but filters compare them exactly.
func TestFilter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 600_000_000, time.UTC)
	g := start(t, simulator.Options{Seed: 7, Items: 300, Now: func() time.Time { return now }})
	inbox := g.inMailbox("/folders/inbox/items")
	plain, _ := all[item](g, inbox)
	if err := g.sim.Touch(g.box.ID, plain[20].ID); err != nil {
		t.Fatal(err)
	}
	list := func(filter string) []string {
		items, _ := all[item](g, inbox+q("$filter", filter, "$top", "3"))
		return ids(items)
	}
	if it := get[item](g, inbox+"/"+plain[20].ID); it.LastModifiedDateTime != "2026-01-02T03:04:05Z" {
		t.Errorf("modified %s", it.LastModifiedDateTime)
	}
	for filter, want := range map[string][]string{
		"lastModifiedDateTime gt 2026-01-02T03:04:05Z":                                        {plain[20].ID},
		"lastModifiedDateTime ge 2026-01-02T03:04:05.6Z":                                      {plain[20].ID},
		"lastModifiedDateTime gt 2026-01-02T03:04:05.6Z":                                      nil,
		"lastModifiedDateTime gt 2026-01-02t03:04:06z":                                        nil,
		"createdDateTime lt " + plain[2].CreatedDateTime:                                      ids(plain[:2]),
		"receivedDateTime le " + plain[2].CreatedDateTime:                                     ids(plain[:3]),
		"createdDateTime eq " + plain[2].CreatedDateTime:                                      ids(plain[2:3]),
		"createdDateTime ge " + plain[5].CreatedDateTime + " and size gt 99999999":            nil,
		"lastModifiedDateTime ge 2026-01-01T00:00:00Z and type eq '" + plain[20].Type + "'":   {plain[20].ID},
		"createdDateTime ge 2026-01-01T00:00:00Z and createdDateTime lt 2025-01-01T00:00:00Z": nil,
	} {
		if got := list(filter); !slices.Equal(got, want) {
			t.Errorf("%s: %d items, want %d", filter, len(got), len(want))
		}
	}
	notes := list("singleValueExtendedProperties/any(p:p/id eq 'String 0x001A' and p/value eq 'IPM.Note')")
	if !slices.Equal(notes, list("type eq 'IPM.Note'")) || len(notes) < 50 || len(notes)+len(list("type ne 'IPM.Note'")) != len(plain) {
		t.Errorf("%d of %d are notes", len(notes), len(plain))
	}
	size := plain[7].Size
	for op, ok := range map[string]func(n int64) bool{
		"eq": func(n int64) bool { return n == size }, "ne": func(n int64) bool { return n != size },
		"lt": func(n int64) bool { return n < size }, "le": func(n int64) bool { return n <= size },
		"gt": func(n int64) bool { return n > size }, "ge": func(n int64) bool { return n >= size },
	} {
		want := slices.DeleteFunc(slices.Clone(plain), func(it item) bool { return !ok(get[item](g, inbox+"/"+it.ID).Size) })
		if got := list(fmt.Sprintf("size %s %d", op, size)); !slices.Equal(got, ids(want)) {
			t.Errorf("size %s: %d items, want %d", op, len(got), len(want))
		}
	}
	if got := list("type eq 'it''s'"); got != nil {
		t.Errorf("a class with a quote: %v", got)
	}
	if some, _ := all[folder](g, g.inMailbox("/folders")+q("$filter", "totalItemCount gt 0 and wellKnownName ne 'inbox' and type eq 'IPF.Note'")); len(some) < 3 {
		t.Errorf("folders with items are %+v", some)
	}
	folders, _ := all[folder](g, g.inMailbox("/folders")+q("$filter", "displayName eq 'inbox'"))
	if len(folders) != 1 || folders[0].DisplayName != "Inbox" {
		t.Errorf("folders are %+v", folders)
	}
}

// TestProperties checks that expanded properties have the values of the stream.
func TestProperties(t *testing.T) {
	g := start(t, simulator.Options{Seed: 8, Items: 500, MaxItemSize: 60_000})
	expanded := []string{"String 0x0037", "String 0x0C1A", "string 0x5d01", "SystemTime 0x0E06", "String 0x1035", "Boolean 0x0E1B", "Binary 0x300B", "String 0x007D", "Integer 0x6666"}
	normal := []string{"String 0x37", "String 0xc1a", "String 0x5d01", "SystemTime 0xe06", "String 0x1035", "Boolean 0xe1b", "Binary 0x300b", "String 0x7d"}
	expand := "singleValueExtendedProperties($filter=id eq '" + strings.Join(expanded, "' or id eq '") + "')"
	compared := 0
	for _, name := range []string{"inbox", "calendar", "contacts", "tasks"} {
		items, _ := all[item](g, g.inMailbox("/folders/"+name+"/items")+q("$expand", expand, "$select", "id"))
		for _, it := range items {
			want := parseStream(t, g.stream(it.ID)).properties
			got := map[string]string{}
			for _, p := range it.SingleValueExtendedProperties {
				got[p.ID] = p.Value
			}
			for _, id := range normal {
				if got[id] != want[id] {
					t.Fatalf("%s of an item of %s is %q, its stream says %q", id, name, got[id], want[id])
				}
			}
			compared++
			if len(got) < len(normal)-1 {
				t.Fatalf("properties are %v", got)
			}
		}
	}
	if compared < 200 {
		t.Errorf("%d items were compared", compared)
	}
}

// TestManyItems reads the last page of many million items.
func TestManyItems(t *testing.T) {
	g := start(t, simulator.Options{Items: 100_000_000})
	total := get[folder](g, g.inMailbox("/folders/inbox")).TotalItemCount
	p := get[page[item]](g, g.inMailbox("/folders/inbox/items")+q("$skip", fmt.Sprint(total-3), "$orderby", "lastModifiedDateTime"))
	if len(p.Value) != 3 || p.NextLink != "" || total < 10_000_000 {
		t.Errorf("of %d items the last page is %+v", total, p)
	}
}

// BenchmarkList lists pages of a thousand items.
func BenchmarkList(b *testing.B) {
	g := start(b, simulator.Options{Seed: 1, Items: 100_000})
	for name, query := range map[string]string{
		"plain":      q("$top", "1000"),
		"properties": q("$top", "1000", "$expand", "singleValueExtendedProperties($filter=id eq 'String 0x37' or id eq 'String 0x5d01' or id eq 'SystemTime 0xe06' or id eq 'String 0x1035' or id eq 'Boolean 0xe1b' or id eq 'Binary 0x300b')"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				resp, err := g.send(http.MethodGet, g.inMailbox("/folders/inbox/items")+query, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
			}
		})
	}
}
