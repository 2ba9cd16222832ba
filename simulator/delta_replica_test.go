package simulator_test

import (
	"encoding/json"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/simulator"
)

// replica is a copy of a mailbox that follows deltas alone.
type replica struct {
	g       *client
	rand    *rand.Rand
	folders map[string]folder
	link    string
	items   map[string]map[string]string
	links   map[string]string
}

// sync follows one round of the folders, and of the items of each folder.
func (r *replica) sync() {
	url := r.link
	if url == "" {
		url = r.g.inMailbox("/folders/delta") + q("includeHiddenFolders", "true", "$expand", "singleValueExtendedProperties($filter=id eq 'Integer 0x3601')")
	}
	changes, link, ok := follow[folder](r, url)
	if !ok {
		r.link, r.folders = "", map[string]folder{}
		r.sync()
		return
	}
	r.link = link
	for _, f := range changes {
		if f.Removed != nil {
			delete(r.folders, f.ID)
		} else {
			r.folders[f.ID] = f
		}
	}
	maps.DeleteFunc(r.items, func(id string, _ map[string]string) bool { return r.folders[id].ID == "" })
	for _, id := range slices.Sorted(maps.Keys(r.folders)) {
		if !searches(r.folders[id]) {
			r.syncItems(id)
		}
	}
}

func (r *replica) syncItems(folder string) {
	url := r.links[folder]
	if url == "" {
		url = r.g.inMailbox("/folders/" + folder + "/items/delta")
		r.items[folder] = map[string]string{}
	}
	changes, link, ok := follow[item](r, url)
	if !ok {
		delete(r.links, folder)
		if status, _, _ := r.g.do(http.MethodGet, r.g.inMailbox("/folders/"+folder), nil); status == 404 {
			delete(r.items, folder) // the next round of folders has a tombstone
			return
		}
		r.syncItems(folder)
		return
	}
	r.links[folder] = link
	apply(r.items[folder], changes)
}

// follow reads a round, and repeats requests that fail. It returns false if the round cannot
// continue.
func follow[T any](r *replica, url string) (elements []T, link string, ok bool) {
	for failures := 0; ; {
		resp, err := r.g.send(http.MethodGet, url, nil, "Prefer", "odata.maxpagesize="+[]string{"1", "3", "10", "500"}[r.rand.IntN(4)])
		var p page[T]
		status := 0
		if err == nil {
			status = resp.StatusCode
			err = json.NewDecoder(resp.Body).Decode(&p)
			resp.Body.Close()
		}
		switch {
		case status == 410 || status == 404 || status == 400:
			return nil, "", false
		case err != nil || status != 200:
			if failures++; failures > 5 {
				r.g.t.Fatalf("GET %s keeps failing: %d %v", url, status, err)
			}
			continue
		}
		failures = 0
		elements = append(elements, p.Value...)
		if p.DeltaLink != "" {
			return elements, p.DeltaLink, true
		}
		url = p.NextLink
	}
}

// TestReplica checks that a replica equals the mailbox, whatever happens to the mailbox and to the
// requests.
func TestReplica(t *testing.T) {
	for seed := range uint64(6) {
		opts := simulator.Options{Seed: seed, Items: 300, RetryAfter: -1}
		if seed%2 == 1 {
			opts.Chaos = simulator.Chaos{Rate: 15, Rates: map[string]int{"reset": 3, "delay": 0}}
		}
		g := start(t, opts)
		restless := seed%2 == 1
		during := rand.New(rand.NewPCG(seed, 2))
		change := g.sim.Inject(simulator.Fault{Every: 7, Times: -1, Before: func() {
			if restless {
				_, _ = g.sim.Step(g.box.ID, during)
			}
		}})
		random := rand.New(rand.NewPCG(seed, 1))
		r := &replica{g: g, rand: random, folders: map[string]folder{}, items: map[string]map[string]string{}, links: map[string]string{}}
		var history []string
		for range 8 {
			for range random.IntN(25) {
				what, err := g.sim.Step(g.box.ID, random)
				must(t, err)
				history = append(history, what)
			}
			r.sync()
			if !restless {
				r.check(history)
			}
		}
		change.Remove() // the mailbox comes to rest
		r.sync()
		r.sync()
		r.check(history)
		if s := g.sim.Stats().Statuses; restless && (change.Hits() < 50 || s[429] == 0 || s[503] == 0 || s[410]+s[404]+s[400] == 0) {
			t.Errorf("seed %d: %d changes while reading, statuses %v", seed, change.Hits(), s)
		}
	}
}

func (r *replica) check(history []string) {
	t := r.g.t
	t.Helper()
	want := map[string]map[string]string{}
	for _, f := range r.g.sim.Folders(r.g.box.ID) {
		if f.ParentID == "" {
			continue
		}
		if h := r.folders[f.ID]; h.DisplayName != f.DisplayName || h.ParentFolderID != f.ParentID || h.TotalItemCount != f.Items && !f.Search {
			t.Errorf("folder is %+v in the replica, %+v in the mailbox", h, f)
		}
		if !f.Search {
			want[f.ID] = map[string]string{}
		}
	}
	for it := range r.g.sim.Items(r.g.box.ID) {
		want[it.FolderID][it.ID] = it.ChangeKey
	}
	if diff := cmp.Diff(want, r.items); diff != "" {
		t.Fatalf("%s\nafter %q", diff, history)
	}
}
