package simulator_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/simulator"
)

// round follows a delta from a link to the next delta link.
func round[T any](g *client, url string, header ...string) (elements []T, pages int, link string) {
	g.t.Helper()
	for {
		p := get[page[T]](g, url, header...)
		elements = append(elements, p.Value...)
		pages++
		if (p.NextLink == "") == (p.DeltaLink == "") {
			g.t.Fatalf("links are %q and %q", p.NextLink, p.DeltaLink)
		}
		if p.DeltaLink != "" {
			return elements, pages, p.DeltaLink
		}
		url = p.NextLink
	}
}

func TestItemDelta(t *testing.T) {
	g := start(t, simulator.Options{Seed: 20, Items: 400})
	inbox, sent := g.inMailbox("/folders/inbox/items/delta"), g.inMailbox("/folders/sentitems/items/delta")
	listed, pages, link := round[item](g, inbox, "Prefer", "odata.maxpagesize=20")
	total := get[folder](g, g.inMailbox("/folders/inbox")).TotalItemCount
	if len(listed) != total || pages != (total+19)/20 || listed[0].ChangeKey == "" || listed[0].Type == "" {
		t.Errorf("%d items in %d pages, want %d", len(listed), pages, total)
	}
	if changes, _, again := round[item](g, link); len(changes) != 0 || again == "" {
		t.Errorf("nothing changed, but: %+v", changes)
	}
	_, _, sentLink := round[item](g, sent)

	must(t, g.sim.Touch(g.box.ID, listed[3].ID), g.sim.Touch(g.box.ID, listed[3].ID), g.sim.Delete(g.box.ID, listed[4].ID))
	added, err := g.sim.Add(g.box.ID, "inbox")
	must(t, err)
	brief, err := g.sim.Add(g.box.ID, "inbox")
	must(t, err, g.sim.Delete(g.box.ID, brief))
	to, err := g.sim.Move(g.box.ID, listed[5].ID, "sentitems")
	must(t, err)
	type change struct{ ID, Reason string }
	reasons := func(items []item) (all []change) {
		for _, it := range items {
			c := change{ID: it.ID}
			if it.Removed != nil {
				c.Reason = it.Removed.Reason
			}
			all = append(all, c)
		}
		return all
	}
	changes, pages, next := round[item](g, link, "Prefer", "odata.maxpagesize=2")
	want := []change{{listed[3].ID, ""}, {listed[4].ID, "deleted"}, {added, ""}, {brief, "deleted"}, {listed[5].ID, "changed"}}
	if got := reasons(changes); !slices.Equal(got, want) || pages != 3 {
		t.Errorf("in %d pages: %s", pages, cmp.Diff(want, got))
	}
	if again, _, _ := round[item](g, link); !slices.Equal(reasons(again), want) {
		t.Error("the same link shows other changes")
	}
	if none, _, _ := round[item](g, next); len(none) != 0 {
		t.Errorf("shown twice: %+v", none)
	}
	moved, _, _ := round[item](g, sentLink)
	if got := reasons(moved); !slices.Equal(got, []change{{to, ""}}) || to == listed[5].ID || moved[0].CreatedDateTime != listed[5].CreatedDateTime {
		t.Errorf("the moved item is %+v", moved)
	}
	if e := g.export(listed[5].ID, to); e[0].Error == nil || e[1].Error != nil || parseStream(t, e[1].Data).properties["Binary 0x300b"] == "" {
		t.Errorf("moved item: %v %v", e[0].Error, e[1].Error)
	}
}

func TestItemDeltaOptions(t *testing.T) {
	g := start(t, simulator.Options{Seed: 21, Items: 400})
	delta := g.inMailbox("/folders/inbox/items/delta")
	plain, _, _ := round[item](g, delta)
	chosen, pages, link := round[item](g, delta+q("$select", "changeKey", "$top", "50", "$filter", "receivedDateTime ge "+plain[20].CreatedDateTime))
	if !slices.Equal(ids(chosen), ids(plain[20:])) || pages != (len(plain)-20+49)/50 || chosen[0].Type != "" || chosen[0].ChangeKey == "" {
		t.Errorf("%d of %d items in %d pages, first %+v", len(chosen), len(plain), pages, chosen[0])
	}
	must(t, g.sim.Touch(g.box.ID, plain[19].ID), g.sim.Touch(g.box.ID, plain[21].ID))
	if changes, _, _ := round[item](g, link); len(changes) != 1 || changes[0].ID != plain[21].ID || changes[0].Type != "" {
		t.Errorf("changes are %+v", changes)
	}
	back := ids(plain)
	slices.Reverse(back)
	if got, _, _ := round[item](g, delta+q("$orderby", "receivedDateTime desc")); !slices.Equal(ids(got), back) {
		t.Error("the descending order is wrong")
	}
	g.refused(400, http.MethodGet, g.beta().inMailbox("/folders/inbox/items/delta")+q("$select", "id"), nil)
	g.refused(400, http.MethodGet, delta+q("$search", "x"), nil)
	g.refused(400, http.MethodGet, delta+q("$filter", "receivedDateTime ge "+plain[0].CreatedDateTime+strings.Repeat(" and receivedDateTime ge 2020-01-01T00:00:00Z", 100)), nil)
}

// TestDeltaDoesNotDrift checks that what changes while a round is read is in that round or in the
// next.
func TestDeltaDoesNotDrift(t *testing.T) {
	g := start(t, simulator.Options{Seed: 22, Items: 200})
	replica := map[string]string{}
	var first []string
	url := g.inMailbox("/folders/inbox/items/delta")
	for n := 0; ; n++ {
		p := get[page[item]](g, url)
		apply(replica, p.Value)
		first = append(first, ids(p.Value)...)
		if url = p.NextLink; url == "" {
			url = p.DeltaLink
			break
		}
		if n == 1 {
			must(t, g.sim.Delete(g.box.ID, first[0]), g.sim.Touch(g.box.ID, first[1]))
			_, err := g.sim.Add(g.box.ID, "inbox")
			must(t, err)
		}
	}
	changes, _, _ := round[item](g, url)
	apply(replica, changes)
	if diff := cmp.Diff(changeKeys(g)["inbox"], replica); diff != "" {
		t.Error(diff)
	}
}

func apply(replica map[string]string, items []item) {
	for _, it := range items {
		if it.Removed != nil {
			delete(replica, it.ID)
		} else {
			replica[it.ID] = it.ChangeKey
		}
	}
}

// changeKeys returns the change keys of all items, by folder and item. A folder has its id and its
// well-known name as keys.
func changeKeys(g *client) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, f := range g.sim.Folders(g.box.ID) {
		if f.ParentID == "" || f.Search {
			continue
		}
		all[f.ID] = map[string]string{}
		if f.WellKnownName != "" {
			all[f.WellKnownName] = all[f.ID]
		}
	}
	for it := range g.sim.Items(g.box.ID) {
		all[it.FolderID][it.ID] = it.ChangeKey
	}
	return all
}

func TestFolderDelta(t *testing.T) {
	g := start(t, simulator.Options{Seed: 23})
	delta := g.inMailbox("/folders/delta")
	listed, pages, link := round[folder](g, delta+q("includeHiddenFolders", "true"))
	if want := len(g.sim.Folders(g.box.ID)) - 1; len(listed) != want || pages != (want+9)/10 {
		t.Errorf("%d folders in %d pages, want %d", len(listed), pages, want)
	}
	byName := map[string]string{}
	for _, f := range listed {
		byName[f.DisplayName] = f.ID
	}
	_, _, below := round[folder](g, g.inMailbox("/folders/inbox/childFolders/delta"))

	created, err := g.sim.CreateFolder(g.box.ID, "inbox", "A/B")
	must(t, err, g.sim.RenameFolder(g.box.ID, byName["Projects"], "Projekte"), g.sim.MoveFolder(g.box.ID, byName["Invoices"], byName["Archive"]),
		g.sim.DeleteFolder(g.box.ID, byName["Level 9"]))
	changes, _, next := round[folder](g, link)
	got := map[string]folder{}
	for _, f := range changes {
		got[f.ID] = f
	}
	for id, ok := range map[string]func(f folder) bool{
		created: func(f folder) bool {
			return f.DisplayName == "A/B" && f.ParentFolderID == byName["Inbox"] && f.Type == "IPF.Note"
		},
		byName["Projects"]:   func(f folder) bool { return f.DisplayName == "Projekte" },
		byName["Invoices"]:   func(f folder) bool { return f.ParentFolderID == byName["Archive"] },
		byName["Level 9"]:    func(f folder) bool { return f.Removed != nil && f.Removed.Reason == "deleted" },
		byName["Level 10"]:   func(f folder) bool { return f.Removed != nil },
		byName["Level 8"]:    func(f folder) bool { return f.ChildFolderCount == 0 },
		byName["Sent Items"]: func(f folder) bool { return f.ID == "" },
	} {
		if !ok(got[id]) {
			t.Errorf("folder is %+v", got[id])
		}
	}
	children, _, _ := round[folder](g, below)
	var names []string
	for _, f := range children {
		name := f.DisplayName
		if f.Removed != nil {
			name = f.Removed.Reason
		}
		names = append(names, name)
	}
	if want := []string{"A/B", "Projekte", "changed"}; !slices.Equal(names, want) {
		t.Errorf("children are %q, want %q", names, want)
	}
	if f := get[folder](g, g.inMailbox("/folders/"+created)); f.DisplayName != "A/B" {
		t.Errorf("created folder is %+v", f)
	}
	if code := g.refused(404, http.MethodGet, g.inMailbox("/folders/"+byName["Level 9"]+"/items/delta"), nil); code != "ErrorSyncFolderNotFound" {
		t.Errorf("code is %s", code)
	}
	if code := g.refused(404, http.MethodGet, g.inMailbox("/folders/"+byName["Level 9"]+"/items"), nil); code != "ErrorItemNotFound" {
		t.Errorf("code is %s", code)
	}
	_, err = g.sim.Add(g.box.ID, "drafts")
	must(t, err)
	if counts, _, _ := round[folder](g, next); len(counts) != 1 || counts[0].ID != byName["Drafts"] {
		t.Errorf("a folder with another count: %+v", counts)
	}
}
