package simulator_test

import (
	"bytes"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestWalk lists a mailbox as an export does, and compares it with what the server says it
// contains.
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
		items, pages := all[item](g, g.inMailbox("/folders/"+f.ID+"/items"))
		if len(items) != f.TotalItemCount || pages != max(1, (len(items)+9)/10) {
			t.Errorf("folder %q has %d items in %d pages, the count is %d", f.DisplayName, len(items), pages, f.TotalItemCount)
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

// TestBusyMailbox reads and changes a mailbox at the same time, for the race detector.
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
				resp, err := g.send(http.MethodGet, g.inMailbox("/folders/inbox/items/delta?%24top=50"), nil)
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

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
