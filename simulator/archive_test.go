package simulator_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// archive returns a client of the archive of the first user, through beta.
func archive(t *testing.T, opts simulator.Options) *client {
	opts.Archives = true
	g := start(t, opts).beta()
	s := get[struct{ InPlaceArchiveMailboxID string }](g, g.url+"/users/"+g.box.User+"/settings/exchange")
	if s.InPlaceArchiveMailboxID != g.box.ArchiveID || s.InPlaceArchiveMailboxID == "" {
		t.Fatalf("archive is %q, want %q", s.InPlaceArchiveMailboxID, g.box.ArchiveID)
	}
	g.box.ID = g.box.ArchiveID
	return g
}

func TestArchive(t *testing.T) {
	g := archive(t, simulator.Options{Seed: 30, Items: 400})
	folders, _ := all[folder](g, g.inMailbox("/folders"))
	names := map[string]folder{}
	for _, f := range folders {
		names[f.DisplayName] = f
		if f.WellKnownName != "" && f.WellKnownName != "archivedeleteditems" {
			t.Errorf("folder is %+v", f)
		}
	}
	if names["Deleted Items"].WellKnownName == "" {
		t.Error("no folder has a well-known name")
	}
	items, _ := all[item](g, g.inMailbox("/folders/"+names["Inbox"].ID+"/items"))
	if len(items) != names["Inbox"].TotalItemCount || len(items) == 0 {
		t.Errorf("%d items of %d", len(items), names["Inbox"].TotalItemCount)
	}
	g.refused(400, http.MethodGet, g.inMailbox("/folders/inbox"), nil)

	v1 := *g
	v1.url = strings.Replace(g.url, "beta", "v1.0", 1)
	for _, path := range []string{"/folders", "/folders/delta", "/folders/" + names["Inbox"].ID, "/folders/" + names["Inbox"].ID + "/items", "/folders/" + names["Inbox"].ID + "/items/delta"} {
		_, _, body := g.do(http.MethodGet, v1.inMailbox(path), nil)
		v1.refused(403, http.MethodGet, v1.inMailbox(path), nil)
		if !bytes.Contains(body, []byte("Operation on Archive mailbox not allowed")) {
			t.Errorf("%s: %s", path, body)
		}
	}
	if e := v1.export(items[0].ID); e[0].Error != nil || !bytes.Equal(e[0].Data, g.stream(items[0].ID)) {
		t.Errorf("v1.0 exports %+v", e[0].Error)
	}
	if s := get[map[string]string](g, v1.url+"/users/"+g.box.User+"/settings/exchange"); s["primaryMailboxId"] == "" || s["inPlaceArchiveMailboxId"] != "" {
		t.Errorf("the settings in v1.0 are %v", s)
	}

	delta := g.inMailbox("/folders/" + names["Inbox"].ID + "/items/delta")
	status, h, body := g.do(http.MethodGet, delta, nil)
	if status != 200 || json.Valid(body) || h.Get("Deprecation") == "" {
		t.Errorf("delta of an archive's items: %d %s", status, body)
	}
	g.refused(400, http.MethodGet, delta+q("$select", "id"), nil)
	listed, _, link := round[folder](g, g.inMailbox("/folders/delta"))
	if want := len(g.sim.Folders(g.box.ID)) - 1; len(listed) != want {
		t.Errorf("%d folders, want %d", len(listed), want)
	}
	if again, _, _ := round[folder](g, link); len(again) != 0 {
		t.Errorf("nothing changed, but: %+v", again)
	}
}

// TestAuxiliaries checks that folders and items of auxiliary mailboxes are found there.
func TestAuxiliaries(t *testing.T) {
	g := archive(t, simulator.Options{Seed: 31, Items: 800, MaxItemSize: 20_000, Auxiliaries: 2})
	counts := map[string]int{}
	for _, f := range g.sim.Folders(g.box.ID) {
		counts[f.MailboxID]++
	}
	if len(counts) != 3 {
		t.Fatalf("folders live in %v", counts)
	}
	followed := 0
	g.http.CheckRedirect = func(req *http.Request, via []*http.Request) error {
		followed++
		return nil
	}
	seen := map[string]bool{}
	for _, f := range g.walk() {
		items, _ := all[item](g, g.inMailbox("/folders/"+f.ID+"/items"))
		if len(items) != f.TotalItemCount {
			t.Errorf("folder %q has %d items of %d", f.DisplayName, len(items), f.TotalItemCount)
		}
		for _, it := range items {
			seen[it.ID] = true
		}
	}
	if len(seen) != 200 || followed == 0 {
		t.Errorf("%d items were seen, %d redirects followed", len(seen), followed)
	}
	moved := 0
	for it := range g.sim.Items(g.box.ID) {
		e := g.export(it.ID)[0]
		if e.Error == nil {
			continue
		}
		moved++
		there := *g
		_, rest, _ := strings.Cut(e.Error.Message, "/mailboxes/")
		there.box.ID = strings.TrimSuffix(rest, "/exportItems")
		if e.Error.Code != "ErrorArchiveFolderMovedPermanently" || e.Error.Message != there.inMailbox("/exportItems") || counts[there.box.ID] == 0 {
			t.Fatalf("error is %+v", e.Error)
		}
		if e := there.export(it.ID)[0]; e.Error != nil || !bytes.Equal(e.Data, g.stream(it.ID)) {
			t.Fatalf("there the error is %+v", e.Error)
		}
	}
	for id := range counts {
		there := *g
		there.box.ID = id
		if tops, _ := all[folder](&there, there.inMailbox("/folders")); len(tops) == 0 || len(tops) >= counts[id]+1 {
			t.Errorf("%d folders are at the top of %s, which has %d", len(tops), id, counts[id])
		}
	}
	if moved < 20 || moved > 180 {
		t.Errorf("%d of 200 items live elsewhere", moved)
	}
}

func TestRedirect(t *testing.T) {
	g := archive(t, simulator.Options{Seed: 32, Items: 100, Auxiliaries: 1})
	g.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	var id, elsewhere string
	for _, f := range g.sim.Folders(g.box.ID) {
		switch {
		case f.MailboxID != g.box.ID:
			elsewhere = f.MailboxID
		case f.DisplayName == "Sent Items":
			id = f.ID
		}
	}
	path := "/folders/" + id + "/items?%24top=3"
	get[page[item]](g, g.inMailbox(path))
	must(t, g.sim.Relocate(g.box.ID, id, 1))
	status, h, body := g.do(http.MethodGet, g.inMailbox(path), nil)
	if want := strings.Replace(g.url, "/beta", "/beta/admin/Exchange/Mailboxes/"+elsewhere, 1) + path; status != 308 || len(body) != 0 || h.Get("Location") != want || h.Get("Content-Length") != "0" {
		t.Errorf("%d %v %s, want %s", status, h, body, want)
	}
	get[page[item]](g, h.Get("Location"))
	_, _, raw := g.do(http.MethodPost, g.inMailbox("/exportItems"), []byte(`{"itemIds":["`+firstOf(g, id)+`"]}`))
	if !bytes.Contains(raw, []byte(`"Error":{"message":"http`)) {
		t.Errorf("export is %s", raw)
	}
	must(t, g.sim.Relocate(g.box.ID, id, 0))
	get[page[item]](g, g.inMailbox(path))
	if status, h, _ := g.do(http.MethodGet, h.Get("Location"), nil); status != 308 || !strings.HasSuffix(h.Get("Location"), g.box.ID+path) {
		t.Errorf("%d %v", status, h)
	}

	// Faults can make a loop, or lead to a foreign host.
	g.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Times: -1, Status: 308, Empty: true, Location: g.inMailbox(path)})
	if status, h, _ := g.do(http.MethodGet, g.inMailbox(path), nil); status != 308 || h.Get("Location") != g.inMailbox(path) {
		t.Errorf("%d %v", status, h)
	}
	g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, ItemCode: "ErrorArchiveFolderMovedPermanently", ItemMessage: "https://example.com/beta/exportItems"})
	if e := g.export(firstOf(g, id))[0]; e.Error == nil || e.Error.Message != "https://example.com/beta/exportItems" {
		t.Errorf("error is %+v", e.Error)
	}
}

// firstOf returns the id of a folder's first item.
func firstOf(g *client, folder string) string {
	for it := range g.sim.Items(g.box.ID) {
		if it.FolderID == folder {
			return it.ID
		}
	}
	g.t.Fatal("the folder is empty")
	return ""
}
