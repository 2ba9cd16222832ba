package simulator_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestMove: an item that moves has a new id and the same content.
func TestMove(t *testing.T) {
	g := start(t, simulator.Options{Seed: 40, Items: 100})
	it := get[page[item]](g, g.of("/folders/inbox/items")).Value[0]
	was := g.stream(it.ID)
	before := get[folder](g, g.of("/folders/archive")).TotalItemCount
	id, err := g.sim.Move(g.box.ID, it.ID, "archive")
	must(t, err)
	if id == it.ID || !bytes.Equal(g.stream(id), was) || get[folder](g, g.of("/folders/archive")).TotalItemCount != before+1 {
		t.Error("the item is not there")
	}
	g.refused(404, http.MethodGet, g.of("/folders/inbox/items/"+it.ID), nil)
	listed, _ := all[item](g, g.of("/folders/archive/items")+q("$orderby", "createdDateTime"))
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
		t.Errorf("%d items, folders tell %d", n, sum)
	}
}

func second(_ string, err error) error { return err }

// TestStepIsReproducible: the same seeds make the same history.
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

// TestBusyMailbox reads and changes a mailbox at once: every list is whole in itself, and nothing races.
func TestBusyMailbox(t *testing.T) {
	g := start(t, simulator.Options{Seed: 43, Items: 200, Concurrency: -1, ChangeEvery: 3, MaxItemSize: 20_000})
	var wg sync.WaitGroup
	for seed := range uint64(3) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for range 60 {
				_, _ = g.sim.Step(g.box.ID, r)
			}
		})
		wg.Go(func() {
			for range 12 {
				resp, err := g.send(http.MethodGet, g.of("/folders/inbox/items/delta?%24top=50"), nil)
				if err != nil || resp.StatusCode != 200 {
					t.Errorf("%v %v", resp, err)
					return
				}
				resp.Body.Close()
				for it := range g.sim.Items(g.box.ID) {
					_ = g.sim.WriteItem(&bytes.Buffer{}, g.box.ID, it.ID)
					break
				}
			}
		})
	}
	wg.Wait()
}

// TestChaos: who asks again gets every item whole, and meets every kind of fault.
func TestChaos(t *testing.T) {
	rates := map[string]int{"reset": 20}
	g := start(t, simulator.Options{Seed: 44, Items: 400, MaxItemSize: 30_000, RetryAfter: -1, Chaos: simulator.Chaos{Rate: 60, Rates: rates}})
	missing := map[string]bool{}
	for _, id := range g.ids() {
		missing[id] = true
	}
	rounds, foreign, failed, twice := 0, 0, 0, 0
	for ; len(missing) > 0 && rounds < 40; rounds++ {
		for chunk := range slices.Chunk(slices.Sorted(maps.Keys(missing)), 2) {
			asked := map[string]bool{}
			for _, id := range chunk {
				asked[id] = true
			}
			for _, e := range g.tryExport(chunk) {
				switch {
				case e.Error != nil:
					failed++
				case !asked[e.ItemID]:
					foreign++
				case !missing[e.ItemID]:
					twice++
				case !bytes.Equal(e.Data, g.stream(e.ItemID)):
					t.Fatalf("item %s came back wrong", e.ItemID)
				}
				if e.Error == nil {
					delete(missing, e.ItemID)
				}
			}
		}
	}
	s := g.sim.Stats()
	for _, name := range []string{"throttle", "unavailable", "fail", "cut", "reset", "delay", "omit", "repeat", "reverse", "extra", "item", "odd"} {
		if s.Chaos[name] == 0 {
			t.Errorf("there was no %q: %v", name, s.Chaos)
		}
	}
	if len(missing) > 0 || foreign == 0 || failed == 0 || twice == 0 || s.Statuses[429] == 0 || s.Statuses[503] == 0 {
		t.Errorf("%d items are missing after %d rounds; %d foreign, %d failed, %d twice; %v", len(missing), rounds, foreign, failed, twice, s.Statuses)
	}
}
