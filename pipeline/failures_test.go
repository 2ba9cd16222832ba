package pipeline_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestFailures: one item fails permanently, one vanishes, and two come late.
func TestFailures(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 6, Items: 120})
	ids := fx.itemIDs()
	mend := fx.failItem(ids[3], "ErrorCorruptData")
	fx.vanish(ids[5])
	fx.omitOnce(ids[7], ids[8])
	rep := fx.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Gone != 1 || rep.Whole() || len(rep.Failures) != 1 || rep.State != manifest.StateComplete {
		t.Errorf("report is %+v", rep)
	}
	if f := rep.Failures[0]; f.ID != ids[3] || f.Code != "ErrorCorruptData" || f.Attempts != 1 || f.Runs != 1 {
		t.Errorf("failure is %+v", f)
	}
	if rep.Exported != int64(len(ids))-2 {
		t.Errorf("%d of %d were exported", rep.Exported, len(ids))
	}
	s, err := snapshots.Latest(t.Context(), fx.repo, fx.mailbox.ID)
	if err != nil || len(s.Failures) != 1 {
		t.Errorf("the manifest lists %d failures, %v", len(s.Failures), err)
	}
	fx.verify()
	if rep = fx.run(pipeline.Options{}); rep.Failed != 1 || rep.Failures[0].Runs != 2 || rep.Failures[0].Attempts != 2 || rep.Whole() {
		t.Errorf("the run while it still fails is %+v", rep)
	}
	mend()
	if rep = fx.run(pipeline.Options{}); rep.Exported != 1 || rep.Failed != 0 {
		t.Errorf("the run after the failure is %+v", rep)
	}
	fx.checkHeld()
}

// TestGivenUp: an item that fails in ten runs in a row stays listed. It is requested again when it
// changes, or with RetryFailed.
func TestGivenUp(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 15, Items: 30, ItemSize: 3200})
	id := fx.itemIDs()[4]
	fault := fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, ItemCode: "ErrorCorruptData"})
	for i := range 13 {
		rep := fx.run(pipeline.Options{})
		if rep.Failed != 1 || len(rep.Failures) != 1 || rep.Failures[0].Runs != min(i+1, 10) || rep.Whole() {
			t.Fatalf("run %d is %+v", i+1, rep)
		}
	}
	if fault.Hits() != 10 {
		t.Errorf("the item was requested %d times", fault.Hits())
	}
	fx.run(pipeline.Options{RetryFailed: true})
	fx.touch(id)
	fx.run(pipeline.Options{})
	if fault.Hits() != 12 {
		t.Errorf("the item was requested %d times", fault.Hits())
	}
	fault.Remove()
	if rep := fx.run(pipeline.Options{}); rep.Exported != 1 || !rep.Whole() {
		t.Errorf("the last run is %+v", rep)
	}
	fx.checkHeld()
}

// TestFailedIsGone: an item that failed and is deleted is no failure any more.
func TestFailedIsGone(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 16, Items: 30, ItemSize: 3200})
	ids := fx.itemIDs()
	for _, id := range ids[:3] {
		fx.failItem(id, "ErrorCorruptData")
	}
	fx.run(pipeline.Options{})
	fx.delete(ids[0])
	if rep := fx.run(pipeline.Options{}); len(rep.Failures) != 2 {
		t.Errorf("failures are %+v", rep.Failures)
	}
	fx.delete(ids[1])
	if rep := fx.run(pipeline.Options{Full: true}); len(rep.Failures) != 1 || rep.Failures[0].ID != ids[2] {
		t.Errorf("failures are %+v", rep.Failures)
	}
}
