package pipeline_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestOutdated: an item that changed and fails counts as failed, and is held in its older version.
func TestOutdated(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 31, Items: 60, ItemSize: 3200})
	fx.run(pipeline.Options{})
	ids := fx.itemIDs()
	fx.touch(ids[7])
	fx.failItem(ids[7], "ErrorCorruptData")
	added := fx.add()
	fx.failItem(added, "ErrorCorruptData")
	for range 2 {
		rep := fx.run(pipeline.Options{})
		want := snapshots.Counts{Counted: 61, Held: 59, Failed: 2, Outdated: 1}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" {
			t.Errorf("coverage differs:\n%s", diff)
		}
		for _, f := range rep.Failures {
			if f.Held != (f.ID == ids[7]) || f.Subject == "" || f.Sender == nil || f.ReceivedDateTime.IsZero() || len(f.Path) == 0 {
				t.Errorf("failure is %+v", f)
			}
		}
	}
}

// TestLeftOutHeld: an item that changed and is not selected counts as left out, and is held in its
// older version. A run without the selection exports it.
func TestLeftOutHeld(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 32, Items: 60, ItemSize: 3200})
	fx.run(pipeline.Options{})
	ids := fx.itemIDs()
	fx.touch(ids[7])
	fx.add()
	none := pipeline.Selection{Types: []string{"IPM.Nothing"}}
	for range 2 {
		rep := fx.run(pipeline.Options{Selection: none})
		want := snapshots.Counts{Counted: 61, Held: 59, LeftOut: 2, Outdated: 1}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" || rep.State != manifest.StatePartial || !rep.Whole() {
			t.Errorf("state is %s, coverage differs:\n%s", rep.State, diff)
		}
	}
	if rep := fx.run(pipeline.Options{}); rep.Exported != 2 || !rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	fx.checkHeld()
}

// TestDeletedSinceListed: an item that is deleted between its listing and its export is not
// missing.
func TestDeletedSinceListed(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 33, Items: 60, ItemSize: 3200})
	fx.run(pipeline.Options{})
	added := fx.add()
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Before: func() { fx.delete(added) }})
	rep := fx.run(pipeline.Options{})
	if want := (snapshots.Counts{Counted: 61, Held: 60, Gone: 1}); rep.Run.Gone != 1 || rep.Coverage != want || !rep.Whole() {
		t.Errorf("run is %+v, coverage %+v", rep.Run, rep.Coverage)
	}
}

// TestUnconfirmed: rows that a short listing did not show count as unconfirmed, in the manifest and
// in the report.
func TestUnconfirmed(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 34, Items: 80, ItemSize: 3200})
	fx.run(pipeline.Options{})
	inbox := fx.wellKnown("inbox")
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		fx.sim.Inject(simulator.Fault{Operation: op, Folder: inbox.ID, Times: -1, Omit: 2})
	}
	for range 2 {
		rep := fx.run(pipeline.Options{Full: true})
		want := snapshots.Counts{Counted: 80, Held: 80, Unconfirmed: 2}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" || len(rep.Short) != 1 || rep.Short[0].Folder != inbox.ID || rep.Whole() {
			t.Errorf("short are %+v, coverage differs:\n%s", rep.Short, diff)
		}
	}
}

// TestRefusedIsThrough: a run is through although Graph refuses one folder each night. Deletions
// elsewhere are recorded, and the refusal has the same code each time.
func TestRefusedIsThrough(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 35, Items: 80, ItemSize: 3200})
	folder, err := fx.sim.CreateFolder(fx.mailbox.ID, "inbox", "Old")
	fx.check(err)
	fx.run(pipeline.Options{})
	refused := fx.wellKnown("sentitems")
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		fx.sim.Inject(simulator.Fault{Operation: op, Folder: refused.ID, Times: -1, Status: http.StatusForbidden, Code: "ErrorAccessDenied"})
	}
	fx.check(fx.sim.DeleteFolder(fx.mailbox.ID, folder))
	var texts []string
	for range 2 {
		rep := fx.run(pipeline.Options{})
		s := fx.latest()
		if s.State != manifest.StatePartial || !s.Through || !rep.Through || len(rep.Refused) != 1 || rep.Whole() {
			t.Fatalf("run is %+v", rep)
		}
		if g := rep.Refused[0]; g.Folder != refused.ID || g.Code != "403 ErrorAccessDenied" {
			t.Errorf("refusal is %+v", g)
		}
		texts = append(texts, rep.Refused[0].Error)
		for _, f := range s.Folders {
			if f.ID == folder {
				t.Errorf("a deleted folder is listed: %+v", f)
			}
		}
	}
	if texts[0] == texts[1] {
		t.Errorf("the errors have no request ids, so this test proves nothing: %s", texts[0])
	}
}
