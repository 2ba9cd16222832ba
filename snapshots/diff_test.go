package snapshots_test

import (
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestDiff exports a mailbox, changes it in every way, exports it again, and compares the snapshots
// in both directions.
func TestDiff(t *testing.T) {
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	sim, err := simulator.New(simulator.Options{Seed: 5, Mailboxes: 1, Items: 60, ItemSize: 3000})
	check(err)
	server := httptest.NewServer(sim)
	defer server.Close()
	client, err := graph.New(graph.Options{BaseURL: server.URL + "/v1.0"})
	check(err)
	defer client.Close()
	repo, err := repository.Init(t.Context(), memblob.OpenBucket(nil))
	check(err)
	defer repo.Close()
	m := sim.Mailboxes()[0].ID
	create := func(parent, name string) string {
		id, err := sim.CreateFolder(m, parent, name)
		check(err)
		return id
	}
	add := func(folder string) string {
		id, err := sim.Add(m, folder)
		check(err)
		return id
	}
	export := func() *snapshots.Snapshot {
		job := pipeline.Job{Source: client.Open(m), Repository: repo, Mailbox: manifest.Mailbox{ID: m}, Graph: manifest.Graph{Version: "v1.0"}}
		_, err := pipeline.Run(t.Context(), job, pipeline.Options{})
		check(err)
		s, err := snapshots.Latest(t.Context(), repo, m)
		check(err)
		return s
	}
	target, renamed, moved, deleted := create("inbox", "target"), create("inbox", "renamed"), create("inbox", "moved"), create("inbox", "deleted")
	touched, gone, goesTo, goesFrom := add("inbox"), add("inbox"), add("inbox"), add(deleted)
	add(renamed)
	a := export()

	check(sim.Touch(m, touched))
	check(sim.Delete(m, gone))
	fresh := add(target)
	goesTo, err = sim.Move(m, goesTo, target)
	check(err)
	goesFrom, err = sim.Move(m, goesFrom, "inbox")
	check(err)
	check(sim.RenameFolder(m, renamed, "other name"))
	check(sim.MoveFolder(m, moved, target))
	check(sim.DeleteFolder(m, deleted))
	added := create("inbox", "added")
	b := export()

	inbox := ""
	for _, f := range a.Folders {
		if f.WellKnownName == "inbox" {
			inbox = f.ID
		}
	}
	want := []string{"added " + fresh, "changed " + touched, "moved " + goesFrom + " from " + deleted, "moved " + goesTo + " from " + inbox, "removed " + gone}
	checkItems(t, a, b, want)
	checkItems(t, a, a, nil)
	folders := map[string]snapshots.Kind{}
	for _, c := range snapshots.Folders(a, b) {
		folders[c.Folder.ID] = c.Kind
	}
	wantFolders := map[string]snapshots.Kind{
		renamed: snapshots.Changed, moved: snapshots.Moved, deleted: snapshots.Removed, added: snapshots.Added,
	}
	if diff := cmp.Diff(wantFolders, folders); diff != "" {
		t.Errorf("folders differ:\n%s", diff)
	}
}

func checkItems(t *testing.T, a, b *snapshots.Snapshot, want []string) {
	t.Helper()
	var got []string
	for c, err := range snapshots.Items(t.Context(), a, b) {
		if err != nil {
			t.Fatal(err)
		}
		text := string(c.Kind) + " " + c.Row.ID
		if c.Kind == snapshots.Moved {
			text += " from " + c.From
		}
		got = append(got, text)
	}
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("items differ:\n%s", diff)
	}
}
