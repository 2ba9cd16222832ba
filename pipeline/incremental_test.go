package pipeline_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// requests counts the requests that do makes, by operation.
func (w *world) requests(do func()) map[simulator.Operation]int64 {
	before := w.sim.Stats().Requests
	do()
	after := w.sim.Stats().Requests
	for op := range before {
		if after[op] -= before[op]; after[op] == 0 {
			delete(after, op)
		}
	}
	return after
}

func (w *world) latest() *snapshots.Snapshot {
	w.t.Helper()
	s, err := snapshots.Latest(w.t.Context(), w.repo, w.mailbox.ID)
	w.check(err)
	return s
}

// TestNightly: a run in which nothing changed takes a request or so a folder and
// writes a manifest and a ref. One with changes takes little more.
func TestNightly(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 11, Items: 3000, Folders: 200, ItemSize: 3200, MaxPageSize: 100})
	w.run(pipeline.Options{})
	folders, objects := int64(len(w.latest().Folders)), w.objects("")

	var rep *pipeline.Report
	made := w.requests(func() { rep = w.run(pipeline.Options{}) })
	if made[simulator.OpItemDelta] != folders || made[simulator.OpFolderDelta] != (folders+99)/100 || len(made) != 2 {
		t.Errorf("%d folders took %v", folders, made)
	}
	if rep.Listed != 3000 || rep.Skipped != 3000 || rep.Packs != 0 || w.objects("")-objects != 2 || !rep.Whole() {
		t.Errorf("%d objects were written: %+v", w.objects("")-objects, rep)
	}

	ids := w.itemIDs()
	for i := 0; i < 30; i += 3 {
		w.touch(ids[i*90])
		w.delete(ids[i*90+1])
		w.add()
	}
	made = w.requests(func() { rep = w.run(pipeline.Options{}) })
	if rep.Exported != 20 || rep.Removed != 10 || rep.Listed != 3000 || rep.Packs != 1 {
		t.Errorf("the run after changes is %+v", rep)
	}
	total := int64(0)
	for _, n := range made {
		total += n
	}
	if total > 2*folders {
		t.Errorf("%d folders with 30 changes took %v", folders, made)
	}
	w.checkEqual()
	w.verify()
}

// TestProperties: rows tell which mail it is, be they of a first run or of a change.
func TestProperties(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 12, Items: 60, ItemSize: 5000})
	w.run(pipeline.Options{})
	added := w.add()
	w.run(pipeline.Options{})
	for id, row := range w.held() {
		if row.Subject == "" || row.Sender == nil || row.Sender.Address == "" || len(row.SearchKey) == 0 || row.InternetMessageID == "" {
			t.Errorf("item %s (added: %t) is %+v", id, id == added, row.Properties)
		}
	}
	bare := newWorld(t, simulator.Options{Seed: 12, Items: 20})
	bare.run(pipeline.Options{NoProperties: true})
	if s := bare.latest(); s.State != manifest.StateComplete {
		t.Errorf("state is %s", s.State)
	}
}

// TestExpiredDeltas: a link that Graph no longer takes costs a listing and no export.
func TestExpiredDeltas(t *testing.T) {
	for _, how := range []simulator.Expiry{simulator.ExpiryGone, simulator.ExpiryStateNotFound, simulator.ExpiryResync} {
		w := newWorld(t, simulator.Options{Seed: 13, Items: 150})
		w.run(pipeline.Options{})
		w.delete(w.itemIDs()[9])
		w.check(w.sim.ExpireDeltas(w.mailbox.ID, "", how))
		if rep := w.run(pipeline.Options{}); rep.Exported != 0 || rep.Removed != 1 || rep.Skipped != 149 || rep.State != manifest.StateComplete {
			t.Errorf("expiry %v: run is %+v", how, rep)
		}
		w.checkEqual()
		made := w.requests(func() { w.run(pipeline.Options{}) })
		if made[simulator.OpItems] != 0 {
			t.Errorf("expiry %v: the run after takes %v", how, made)
		}
	}
}

// TestCheckpoints: what was committed on the way is not exported again.
func TestCheckpoints(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 14, Items: 500, ItemSize: 20_000})
	store := memstore.New()
	w.repo = newRepository(t, store.Open())
	opts := pipeline.Options{CheckpointBytes: 500_000, CheckpointInterval: 4 * time.Millisecond}
	w.onExport(22, func() { store.FailAfter(0) })
	if _, err := pipeline.Run(t.Context(), w.job(), opts); err == nil {
		t.Fatal("the run went on without its store")
	}
	store.FailAfter(-1)
	s := w.latest()
	if s.State != manifest.StatePartial || s.Totals.Items == 0 || s.Run.Check() != nil {
		t.Errorf("the last snapshot is %+v", s.Snapshot)
	}
	for _, f := range s.Folders {
		if f.DeltaLink != "" && f.Items < f.TotalItemCount {
			t.Errorf("folder %q is committed with %d of %d items", f.Path, f.Items, f.TotalItemCount)
		}
	}
	w.verify()
	rep := w.run(pipeline.Options{})
	if rep.Skipped != s.Totals.Items || rep.Exported != 500-s.Totals.Items {
		t.Errorf("%d items were committed, then %d skipped and %d exported", s.Totals.Items, rep.Skipped, rep.Exported)
	}
	w.checkEqual()
}

// TestGivenUp: an item that fails in ten runs in a row stays listed, and is asked for
// again when it changes or the caller says so.
func TestGivenUp(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 15, Items: 30, ItemSize: 3200})
	id := w.itemIDs()[4]
	fault := w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, ItemCode: "ErrorCorruptData"})
	for i := range 13 {
		rep := w.run(pipeline.Options{})
		if rep.Failed != 1 || len(rep.Failures) != 1 || rep.Failures[0].Runs != min(i+1, 10) || rep.Whole() {
			t.Fatalf("run %d is %+v", i+1, rep)
		}
	}
	if fault.Hits() != 10 {
		t.Errorf("the item was asked for %d times", fault.Hits())
	}
	w.run(pipeline.Options{RetryFailed: true})
	w.touch(id)
	w.run(pipeline.Options{})
	if fault.Hits() != 12 {
		t.Errorf("the item was asked for %d times", fault.Hits())
	}
	fault.Remove()
	if rep := w.run(pipeline.Options{}); rep.Exported != 1 || !rep.Whole() {
		t.Errorf("the last run is %+v", rep)
	}
	w.checkEqual()
}

// TestFailedIsGone: an item that failed and is deleted is no failure any more.
func TestFailedIsGone(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 16, Items: 30, ItemSize: 3200})
	ids := w.itemIDs()
	for _, id := range ids[:3] {
		w.failItem(id, "ErrorCorruptData")
	}
	w.run(pipeline.Options{})
	w.delete(ids[0])
	if rep := w.run(pipeline.Options{}); len(rep.Failures) != 2 {
		t.Errorf("failures are %+v", rep.Failures)
	}
	w.delete(ids[1])
	if rep := w.run(pipeline.Options{Full: true}); len(rep.Failures) != 1 || rep.Failures[0].ID != ids[2] {
		t.Errorf("failures are %+v", rep.Failures)
	}
}

// TestRefusedFolder: a folder that Graph does not give out is told, and what is held
// of it stays.
func TestRefusedFolder(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 17, Items: 100, ItemSize: 3200})
	w.run(pipeline.Options{})
	s := w.latest()
	var refused manifest.Folder
	for _, f := range s.Folders {
		if f.WellKnownName == "sentitems" {
			refused = f
		}
	}
	fault := w.sim.Inject(simulator.Fault{Folder: refused.ID, Times: -1, Status: http.StatusForbidden})
	w.add()
	rep := w.run(pipeline.Options{})
	if rep.State != manifest.StatePartial || len(rep.Refused) != 1 || rep.Refused[0].Folder != refused.ID || rep.Exported != 1 || rep.Removed != 0 || rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	for _, f := range w.latest().Folders {
		if f.ID == refused.ID && (f.Items != refused.Items || f.DeltaLink != refused.DeltaLink || !strings.Contains(f.Error, "403")) {
			t.Errorf("folder is %+v", f)
		}
	}
	fault.Remove()
	if rep := w.run(pipeline.Options{}); rep.State != manifest.StateComplete || !rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	w.checkEqual()
}

// TestFolderGoes: a folder that is made after the last run and deleted during the next
// leaves nothing behind.
func TestFolderGoes(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 22, Items: 60, ItemSize: 3200}, func(w *world) {
		for range 2 {
			folder, err := w.sim.CreateFolder(w.mailbox.ID, "inbox", "Short-lived")
			w.check(err)
			for range 25 {
				_, err := w.sim.Add(w.mailbox.ID, folder)
				w.check(err)
			}
			exported := w.sim.Stats().Items
			w.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: folder, Before: func() {
				time.Sleep(time.Second) // until everything that was listed is exported
				if n := w.sim.Stats().Items - exported; n < 20 {
					w.t.Errorf("%d items are exported before their folder goes", n)
				}
				_ = w.sim.DeleteFolder(w.mailbox.ID, folder)
			}})
			if rep := w.run(pipeline.Options{}); !rep.Whole() {
				w.t.Errorf("run is %+v", rep)
			}
			w.verify()
			w.run(pipeline.Options{})
			w.checkEqual()
			w.verify()
		}
	})
}

// TestShortFolder: items that Graph counts and does not list are told, and items that
// are held are not taken for deleted because of it.
func TestShortFolder(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 18, Items: 80, ItemSize: 3200})
	w.run(pipeline.Options{})
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		w.sim.Inject(simulator.Fault{Operation: op, Times: -1, Omit: 1})
	}
	rep := w.run(pipeline.Options{Full: true})
	if rep.Removed != 0 || len(rep.Short) == 0 || rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	w.checkEqual()
}

// TestManyRuns: after many runs with changes a mailbox's rows lie in few segments, and
// dead rows do not pile up.
func TestManyRuns(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 19, Items: 600, ItemSize: 3100})
	w.run(pipeline.Options{NoProperties: true})
	for range 60 {
		ids := w.itemIDs()
		for i := range 30 {
			w.touch(ids[i*19])
		}
		w.delete(ids[5])
		w.add()
		w.run(pipeline.Options{NoProperties: true})
	}
	s, rows := w.latest(), int64(0)
	for _, g := range s.Segments {
		rows += g.Rows
	}
	if len(s.Segments) > 8 || rows > s.Totals.Items+s.Totals.Items/4+1100 {
		t.Errorf("%d segments with %d rows for %d items", len(s.Segments), rows, s.Totals.Items)
	}
	w.checkEqual()
	w.verify()
}

// TestArchive: a mailbox without delta queries, some of whose folders lie in auxiliary
// mailboxes.
func TestArchive(t *testing.T) {
	w := newWorldOf(t, "beta", simulator.Options{Seed: 20, Items: 600, ItemSize: 3200, Archives: true, Auxiliaries: 2})
	w.mailbox = manifest.Mailbox{ID: w.sim.Mailboxes()[0].ArchiveID, Kind: "archive"}
	first := w.run(pipeline.Options{})
	w.checkEqual()
	aux := map[string]bool{}
	for _, f := range w.latest().Folders {
		aux[f.Mailbox] = true
		if f.DeltaLink != "" || f.Items > 0 && f.ListedThrough.IsZero() {
			t.Errorf("folder is %+v", f)
		}
	}
	if len(aux) != 3 {
		t.Errorf("the folders lie in %v", aux)
	}
	ids := w.itemIDs()
	w.touch(ids[3])
	w.delete(ids[7])
	_, err := w.sim.Move(w.mailbox.ID, ids[11], w.latest().Folders[1].ID)
	w.check(err)
	rep := w.run(pipeline.Options{})
	if rep.Exported != 2 || rep.Removed != 2 || rep.Listed != first.Listed-1 || rep.State != manifest.StateComplete {
		t.Errorf("second run is %+v", rep)
	}
	w.checkEqual()
	w.verify()
}
