package simulator_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestTouch checks that an item that changes has another change key and content, but stays the same
// message.
func TestTouch(t *testing.T) {
	g := start(t, simulator.Options{Seed: 11, Items: 30})
	id := g.ids()[4]
	before, was := g.stream(id), g.export(id)[0]
	if err := g.sim.Touch(g.box.ID, id); err != nil {
		t.Fatal(err)
	}
	after, is := g.stream(id), g.export(id)[0]
	if was.ChangeKey == is.ChangeKey || bytes.Equal(before, after) || !bytes.Equal(after, is.Data) {
		t.Error("the item did not change")
	}
	a, b := parseStream(t, before).properties, parseStream(t, after).properties
	for _, key := range []string{"Binary 0x300b", "String 0x1035", "SystemTime 0xe06"} {
		if a[key] == "" || a[key] != b[key] {
			t.Errorf("%s was %q and is %q", key, a[key], b[key])
		}
	}
}

// TestMove checks that an item that moves gets a new id and keeps its content.
func TestMove(t *testing.T) {
	g := start(t, simulator.Options{Seed: 40, Items: 100})
	it := get[page[item]](g, g.inMailbox("/folders/inbox/items")).Value[0]
	was := g.stream(it.ID)
	before := get[folder](g, g.inMailbox("/folders/archive")).TotalItemCount
	id, err := g.sim.Move(g.box.ID, it.ID, "archive")
	must(t, err)
	if id == it.ID || !bytes.Equal(g.stream(id), was) || get[folder](g, g.inMailbox("/folders/archive")).TotalItemCount != before+1 {
		t.Error("the item is not there")
	}
	g.refused(404, http.MethodGet, g.inMailbox("/folders/inbox/items/"+it.ID), nil)
	listed, _ := all[item](g, g.inMailbox("/folders/archive/items")+q("$orderby", "createdDateTime"))
	if !slices.Contains(ids(listed), id) || !slices.IsSortedFunc(listed, func(a, b item) int { return bytes.Compare([]byte(a.CreatedDateTime), []byte(b.CreatedDateTime)) }) {
		t.Error("the folder is not in the order of creation")
	}
	if err := g.sim.Delete(g.box.ID, it.ID); err == nil {
		t.Error("the old id still names an item")
	}
	back, err := g.sim.Move(g.box.ID, id, "inbox")
	must(t, err)
	if back == it.ID || !bytes.Equal(g.stream(back), was) {
		t.Error("the item did not come back")
	}
}

func TestFolderChanges(t *testing.T) {
	g := start(t, simulator.Options{Seed: 41, Items: 400})
	byName := map[string]simulator.Folder{}
	for _, f := range g.sim.Folders(g.box.ID) {
		byName[f.DisplayName] = f
	}
	item, err := g.sim.Add(g.box.ID, byName["Level 5"].ID)
	must(t, err, g.sim.DeleteFolder(g.box.ID, byName["Level 5"].ID))
	if e := g.export(item)[0]; e.Error == nil || e.Error.Code != "ErrorItemNotFound" {
		t.Errorf("an item of a folder that is gone: %+v", e.Error)
	}
	for name, err := range map[string]error{
		"delete inbox":      g.sim.DeleteFolder(g.box.ID, "inbox"),
		"rename inbox":      g.sim.RenameFolder(g.box.ID, "inbox", "x"),
		"move below itself": g.sim.MoveFolder(g.box.ID, byName["Level 1"].ID, byName["Level 3"].ID),
		"move to itself":    g.sim.MoveFolder(g.box.ID, byName["Level 1"].ID, byName["Level 1"].ID),
		"deleted folder":    g.sim.RenameFolder(g.box.ID, byName["Level 5"].ID, "x"),
		"below deleted":     g.sim.RenameFolder(g.box.ID, byName["Level 6"].ID, "x"),
		"in search folder":  second(g.sim.Add(g.box.ID, byName["Unread Mail"].ID)),
		"below search":      second(g.sim.CreateFolder(g.box.ID, byName["Unread Mail"].ID, "x")),
		"no mailbox":        g.sim.Delete("MBX:x", item),
		"no folder":         second(g.sim.Add(g.box.ID, "nonsense")),
		"no item":           g.sim.Touch(g.box.ID, "nonsense"),
		"no auxiliary":      g.sim.Relocate(g.box.ID, byName["Level 1"].ID, 1),
		"relocate the root": g.sim.Relocate(g.box.ID, g.sim.Folders(g.box.ID)[0].ID, 0),
	} {
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	n := 0
	for range g.sim.Items(g.box.ID) {
		n++
	}
	sum := 0
	for _, f := range g.sim.Folders(g.box.ID) {
		if f.DisplayName == "Level 6" {
			t.Error("a folder below a deleted one is there")
		}
		if !f.Search {
			sum += f.Items
		}
	}
	if n != sum || n >= 400 {
		t.Errorf("%d items, the counts of the folders add up to %d", n, sum)
	}
}

func second(_ string, err error) error { return err }

// TestStepIsReproducible checks that the same seeds make the same history.
func TestStepIsReproducible(t *testing.T) {
	run := func() (history []string, ids []string) {
		g := start(t, simulator.Options{Seed: 42, Items: 200})
		r := rand.New(rand.NewPCG(1, 2))
		for range 300 {
			what, err := g.sim.Step(g.box.ID, r)
			must(t, err)
			history = append(history, what)
		}
		return history, g.ids()
	}
	h1, i1 := run()
	h2, i2 := run()
	if !slices.Equal(h1, h2) || !slices.Equal(i1, i2) || len(i1) < 50 {
		t.Errorf("histories differ, or little is left: %d items", len(i1))
	}
}
