package pipeline_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// touched returns a fixture whose repository holds the mailbox as it was before some items changed,
// and these items.
func touched(t *testing.T, seed uint64) (fx *fixture, ids []string) {
	fx = newFixture(t, simulator.Options{Seed: seed, Items: 60, ItemSize: 4000})
	fx.run(pipeline.Options{})
	ids = fx.inbox()[:5]
	for _, id := range ids {
		fx.touch(id)
	}
	return fx, ids
}

// TestStaleForAWhile: data of a replica that is behind does not count as the listed version.
func TestStaleForAWhile(t *testing.T) {
	for times := 1; times <= 2; times++ {
		for _, full := range []bool{false, true} {
			fx, ids := touched(t, 51)
			for _, id := range ids {
				fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: times, Stale: true})
			}
			if rep := fx.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 5 || rep.State != manifest.StateComplete {
				t.Errorf("stale %d times, full %t: run is %+v, failures %+v", times, full, rep.Run, rep.Failures)
			}
			fx.checkHeld()
			fx.verify()
		}
	}
}

// TestStale: data that stays behind is kept, and never counts as current. The item is listed as
// failed, and each run requests it until it comes as listed.
func TestStale(t *testing.T) {
	for _, full := range []bool{false, true} {
		fx, ids := touched(t, 52)
		listed, before := fx.changeKeys(), fx.held()
		fault := fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[2], Times: -1, Stale: true})
		for night := 1; night <= 3; night++ {
			rep := fx.run(pipeline.Options{Full: full})
			if rep.Failed != 1 || len(rep.Failures) != 1 || rep.Whole() || night == 1 && rep.Exported != 4 || night > 1 && rep.Exported != 0 {
				t.Fatalf("night %d: run is %+v, failures %+v", night, rep.Run, rep.Failures)
			}
			if f := rep.Failures[0]; f.Code != "StaleData" || f.ID != ids[2] || f.Runs != night || f.Attempts != 3*night || !f.Held || fx.latest().Failures[0].Item.ChangeKey != listed[ids[2]] {
				t.Errorf("failure is %+v", f)
			}
			if c := snapshots.CoverageOf(fx.latest().Snapshot); c.Counted != 60 || c.Held != 59 || c.Failed != 1 || c.Missing != 0 {
				t.Errorf("coverage is %+v", c)
			}
			if row := fx.held()[ids[2]]; row.ChangeKey != before[ids[2]].ChangeKey || row.SHA256 != before[ids[2]].SHA256 {
				t.Errorf("the row is %+v", row)
			}
			fx.verify()
		}
		fault.Remove()
		if rep := fx.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 1 {
			t.Errorf("run is %+v", rep.Run)
		}
		fx.checkHeld()
		if row := fx.held()[ids[2]]; row.ChangeKey != listed[ids[2]] {
			t.Errorf("the row is %+v", row)
		}
		fx.verify()
	}
}

// TestStaleEverywhere: data does not become current because Graph describes the item as in the
// data, and as older than it was listed.
func TestStaleEverywhere(t *testing.T) {
	fx, ids := touched(t, 58)
	for _, op := range []simulator.Operation{simulator.OpExport, simulator.OpItem} {
		defer fx.sim.Inject(simulator.Fault{Operation: op, Item: ids[0], Times: -1, Stale: true}).Remove()
	}
	if rep := fx.run(pipeline.Options{}); rep.Failed != 1 || rep.Failures[0].Code != "StaleData" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
}

// TestStaleListing: an item that failed is requested again although a listing that is behind shows
// it as it is held.
func TestStaleListing(t *testing.T) {
	fx, ids := touched(t, 59)
	fault := fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[0], Times: -1, Stale: true})
	fx.run(pipeline.Options{})
	fault.Remove()
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		fx.sim.Inject(simulator.Fault{Operation: op, Times: -1, Stale: true})
	}
	if rep := fx.run(pipeline.Options{Full: true}); !rep.Whole() {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	fx.checkHeld()
}

// TestStaleThenBusy: a later failure does not lose the data that came before.
func TestStaleThenBusy(t *testing.T) {
	fx, ids := touched(t, 53)
	id := ids[0]
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Stale: true})
	mend := fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Skip: 1, Times: -1, ItemCode: "ErrorServerBusy"}).Remove
	rep := fx.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Failures[0].Code != "ErrorServerBusy" || !rep.Failures[0].Held || fx.held()[id].ID == "" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	mend()
	if rep := fx.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 1 {
		t.Errorf("run is %+v", rep.Run)
	}
	fx.checkHeld()
}

// TestNewStale: a new item that comes as it was before its latest change is held, and requested
// again.
func TestNewStale(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 54, Items: 60, ItemSize: 4000})
	fx.run(pipeline.Options{})
	id := fx.add()
	fx.touch(id)
	fault := fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, Stale: true})
	if rep := fx.run(pipeline.Options{}); rep.Failed != 1 || rep.Exported != 0 || fx.held()[id].ID == "" {
		t.Errorf("run is %+v", rep.Run)
	}
	fault.Remove()
	if rep := fx.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 1 {
		t.Errorf("run is %+v", rep.Run)
	}
	fx.checkHeld()
	fx.verify()
}

// TestChangedSinceListed: an item that changes between its listing and its export does not fail.
// Its row has the change key of its data, so the next run skips it.
func TestChangedSinceListed(t *testing.T) {
	fx, ids := touched(t, 55)
	for _, id := range ids {
		fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { _ = fx.sim.Touch(fx.mailbox.ID, id) }})
	}
	if rep := fx.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 5 {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	fx.checkHeld()
	listed := fx.changeKeys()
	for _, id := range ids {
		if row := fx.held()[id]; row.ChangeKey != listed[id] {
			t.Errorf("the row is %+v", row)
		}
	}
	for _, full := range []bool{false, true} {
		if rep := fx.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 0 {
			t.Errorf("the next run is %+v", rep.Run)
		}
	}
	fx.checkHeld()
}

// TestItemsNotDescribed: if Graph does not answer for single items, an item that changed since it
// was listed fails and does not count as current. The next run exports it.
func TestItemsNotDescribed(t *testing.T) {
	fx, ids := touched(t, 56)
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpItem, Times: -1, Status: 400, Code: "BadRequest"})
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[0], Before: func() { _ = fx.sim.Touch(fx.mailbox.ID, ids[0]) }})
	if rep := fx.run(pipeline.Options{}); rep.Failed != 1 || rep.Exported != 4 || rep.Failures[0].Code != "StaleData" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	fx.checkHeld()
	if rep := fx.run(pipeline.Options{}); !rep.Whole() {
		t.Errorf("the next run is %+v", rep.Run)
	}
	fx.checkHeld()
	fx.verify()
}

// TestStaleAndListedAgain: an item that was listed first and comes last does not replace the
// version that was listed and exported meanwhile.
func TestStaleAndListedAgain(t *testing.T) {
	fx, ids := touched(t, 57)
	id, exported := ids[0], make(chan bool)
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Every: 2, Times: 2, Stale: true})
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpItem, Item: id, Before: func() { close(exported) }})
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: fx.folder("inbox"), Before: func() {
		select {
		case <-exported:
		case <-time.After(time.Minute): // the test has failed
		}
		_ = fx.sim.Touch(fx.mailbox.ID, id)
	}})
	if rep := fx.run(pipeline.Options{Full: true}); !rep.Whole() || rep.Exported != 5 {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	fx.checkHeld()
	if rep := fx.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 0 {
		t.Errorf("the next run is %+v", rep.Run)
	}
}

// TestItemRefused: an item that Graph refuses to export fails alone.
func TestItemRefused(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 46, Items: 120})
	id := fx.itemIDs()[7]
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, Status: http.StatusForbidden})
	rep := fx.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Exported != 119 || rep.Failures[0].ID != id || rep.Failures[0].Code != "ErrorAccessDenied" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
}
