package pipeline_test

import (
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// touched returns a world whose mailbox is held as it was before some items changed, and
// these items.
func touched(t *testing.T, seed uint64) (w *world, ids []string) {
	w = newWorld(t, simulator.Options{Seed: seed, Items: 60, ItemSize: 4000})
	w.run(pipeline.Options{})
	ids = w.inbox()[:5]
	for _, id := range ids {
		w.touch(id)
	}
	return w, ids
}

// TestStaleForAWhile: data of a replica that is behind is not taken for what was listed.
func TestStaleForAWhile(t *testing.T) {
	for times := 1; times <= 2; times++ {
		for _, full := range []bool{false, true} {
			w, ids := touched(t, 51)
			for _, id := range ids {
				w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: times, Stale: true})
			}
			if rep := w.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 5 || rep.State != manifest.StateComplete {
				t.Errorf("stale %d times, full %t: run is %+v, failures %+v", times, full, rep.Run, rep.Failures)
			}
			w.checkEqual()
			w.verify()
		}
	}
}

// TestStale: data that stays behind is kept, and never counts as current: the item is
// listed as failed and requested by each run until it comes as it is listed.
func TestStale(t *testing.T) {
	for _, full := range []bool{false, true} {
		w, ids := touched(t, 52)
		listed, before := w.changeKeys(), w.held()
		fault := w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[2], Times: -1, Stale: true})
		for night := 1; night <= 3; night++ {
			rep := w.run(pipeline.Options{Full: full})
			if rep.Failed != 1 || len(rep.Failures) != 1 || rep.Whole() || night == 1 && rep.Exported != 4 || night > 1 && rep.Exported != 0 {
				t.Fatalf("night %d: run is %+v, failures %+v", night, rep.Run, rep.Failures)
			}
			if f := rep.Failures[0]; f.Code != "StaleData" || f.ID != ids[2] || f.Runs != night || f.Attempts != 3*night || !f.Held || w.latest().Failures[0].Item.ChangeKey != listed[ids[2]] {
				t.Errorf("failure is %+v", f)
			}
			if c := snapshots.CoverageOf(w.latest().Snapshot); c.Counted != 60 || c.Held != 59 || c.Failed != 1 || c.Missing != 0 {
				t.Errorf("coverage is %+v", c)
			}
			if row := w.held()[ids[2]]; row.ChangeKey != before[ids[2]].ChangeKey || row.SHA256 != before[ids[2]].SHA256 {
				t.Errorf("the row is %+v", row)
			}
			w.verify()
		}
		fault.Remove()
		if rep := w.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 1 {
			t.Errorf("run is %+v", rep.Run)
		}
		w.checkEqual()
		if row := w.held()[ids[2]]; row.ChangeKey != listed[ids[2]] {
			t.Errorf("the row is %+v", row)
		}
		w.verify()
	}
}

// TestStaleEverywhere: that Graph tells of the item as its data is, and as older than it was
// listed, does not make the data current.
func TestStaleEverywhere(t *testing.T) {
	w, ids := touched(t, 58)
	for _, op := range []simulator.Operation{simulator.OpExport, simulator.OpItem} {
		defer w.sim.Inject(simulator.Fault{Operation: op, Item: ids[0], Times: -1, Stale: true}).Remove()
	}
	if rep := w.run(pipeline.Options{}); rep.Failed != 1 || rep.Failures[0].Code != "StaleData" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
}

// TestStaleListing: an item that failed is requested again though a listing that is behind
// shows it as it is held.
func TestStaleListing(t *testing.T) {
	w, ids := touched(t, 59)
	fault := w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[0], Times: -1, Stale: true})
	w.run(pipeline.Options{})
	fault.Remove()
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		w.sim.Inject(simulator.Fault{Operation: op, Times: -1, Stale: true})
	}
	if rep := w.run(pipeline.Options{Full: true}); !rep.Whole() {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	w.checkEqual()
}

// TestStaleThenBusy: that an item cannot be had any more does not lose what came before.
func TestStaleThenBusy(t *testing.T) {
	w, ids := touched(t, 53)
	id := ids[0]
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Stale: true})
	mend := w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Skip: 1, Times: -1, ItemCode: "ErrorServerBusy"}).Remove
	rep := w.run(pipeline.Options{})
	if rep.Failed != 1 || rep.Failures[0].Code != "ErrorServerBusy" || !rep.Failures[0].Held || w.held()[id].ID == "" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	mend()
	if rep := w.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 1 {
		t.Errorf("run is %+v", rep.Run)
	}
	w.checkEqual()
}

// TestNewStale: a new item that comes as it was before its latest change is held, and
// requested again.
func TestNewStale(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 54, Items: 60, ItemSize: 4000})
	w.run(pipeline.Options{})
	id := w.add()
	w.touch(id)
	fault := w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Times: -1, Stale: true})
	if rep := w.run(pipeline.Options{}); rep.Failed != 1 || rep.Exported != 0 || w.held()[id].ID == "" {
		t.Errorf("run is %+v", rep.Run)
	}
	fault.Remove()
	if rep := w.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 1 {
		t.Errorf("run is %+v", rep.Run)
	}
	w.checkEqual()
	w.verify()
}

// TestChangedSinceListed: an item that changes between its listing and its export is no
// failure. Its row has the change key of its data, so that the next run knows it.
func TestChangedSinceListed(t *testing.T) {
	w, ids := touched(t, 55)
	for _, id := range ids {
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { _ = w.sim.Touch(w.mailbox.ID, id) }})
	}
	if rep := w.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 5 {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	w.checkEqual()
	listed := w.changeKeys()
	for _, id := range ids {
		if row := w.held()[id]; row.ChangeKey != listed[id] {
			t.Errorf("the row is %+v", row)
		}
	}
	for _, full := range []bool{false, true} {
		if rep := w.run(pipeline.Options{Full: full}); !rep.Whole() || rep.Exported != 0 {
			t.Errorf("the next run is %+v", rep.Run)
		}
	}
	w.checkEqual()
}

// TestNotToBeAsked: where Graph does not tell of single items, one that changed since it
// was listed fails rather than being taken for current, and is had by the next run.
func TestNotToBeAsked(t *testing.T) {
	w, ids := touched(t, 56)
	w.sim.Inject(simulator.Fault{Operation: simulator.OpItem, Times: -1, Status: 400, Code: "BadRequest"})
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: ids[0], Before: func() { _ = w.sim.Touch(w.mailbox.ID, ids[0]) }})
	if rep := w.run(pipeline.Options{}); rep.Failed != 1 || rep.Exported != 4 || rep.Failures[0].Code != "StaleData" {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	w.checkEqual()
	if rep := w.run(pipeline.Options{}); !rep.Whole() {
		t.Errorf("the next run is %+v", rep.Run)
	}
	w.checkEqual()
	w.verify()
}

// TestStaleAndListedAnew: what was listed first, and comes last, does not replace what was
// listed and exported meanwhile.
func TestStaleAndListedAnew(t *testing.T) {
	w, ids := touched(t, 57)
	id, exported := ids[0], make(chan bool)
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Every: 2, Times: 2, Stale: true})
	w.sim.Inject(simulator.Fault{Operation: simulator.OpItem, Item: id, Before: func() { close(exported) }})
	w.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: w.folder("inbox"), Before: func() {
		select {
		case <-exported:
		case <-time.After(time.Minute): // the test has failed
		}
		_ = w.sim.Touch(w.mailbox.ID, id)
	}})
	if rep := w.run(pipeline.Options{Full: true}); !rep.Whole() || rep.Exported != 5 {
		t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
	}
	w.checkEqual()
	if rep := w.run(pipeline.Options{}); !rep.Whole() || rep.Exported != 0 {
		t.Errorf("the next run is %+v", rep.Run)
	}
}

// changeKeys returns the change keys that listings tell.
func (w *world) changeKeys() map[string]string {
	keys := map[string]string{}
	for it := range w.sim.Items(w.mailbox.ID) {
		keys[it.ID] = it.ChangeKey
	}
	return keys
}
