package pipeline_test

import (
	"cmp"
	"slices"
	"testing"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// folderOf returns the folder that an item lies in.
func (w *world) folderOf(id string) string {
	for it := range w.sim.Items(w.mailbox.ID) {
		if it.ID == id {
			return it.FolderID
		}
	}
	w.t.Fatalf("there is no item %s", id)
	return ""
}

// failsAndChanges has an item change between its export and the delta query of its folder, so
// that it is requested twice in one run, and one of these exports fail: the first, or else all
// others. In a bubble, a folder whose changes are requested first is a deadlock that fails the test.
func (w *world) failsAndChanges(id string, first bool) (mend func()) {
	asked := make(chan struct{})
	fault := simulator.Fault{Operation: simulator.OpExport, Item: id, ItemCode: "ErrorCorruptData"}
	if first {
		fault.Before = func() { close(asked) }
	} else {
		w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Item: id, Before: func() { close(asked) }})
		fault.Skip, fault.Times = 1, -1
	}
	w.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: w.folderOf(id), Before: func() {
		<-asked
		w.touch(id)
	}})
	return w.sim.Inject(fault).Remove
}

// anItem returns one that is asked for while its folder is being listed: it has many.
func (w *world) anItem() string {
	folders := w.sim.Folders(w.mailbox.ID)
	most := slices.MaxFunc(folders, func(a, b simulator.Folder) int { return cmp.Compare(a.Items, b.Items) })
	for page, err := range w.client.Open(w.mailbox.ID).Items(w.t.Context(), most.ID, graph.Cursor{}) {
		w.check(err)
		return page.Items[0].ID
	}
	return ""
}

// TestFailsFirst: an item that fails, changes meanwhile and then arrives is held, and counts as
// exported.
func TestFailsFirst(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 6, Items: 400, MaxItemSize: 10 << 10}, func(w *world) {
		w.failsAndChanges(w.anItem(), true)
		rep := w.run(pipeline.Options{})
		if rep.Exported != 400 || rep.Failed != 0 || !rep.Whole() {
			w.t.Errorf("run is %+v, failures %+v", rep.Run, rep.Failures)
		}
		w.checkEqual()
		w.verify()
	})
}

// TestFailsLater: of an item that arrived, changes meanwhile and then fails, what arrived is
// held; the failure is listed, and the next run asks for it.
func TestFailsLater(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 6, Items: 400, MaxItemSize: 10 << 10}, func(w *world) {
		id := w.anItem()
		mend := w.failsAndChanges(id, false)
		rep := w.run(pipeline.Options{})
		if _, held := w.held()[id]; !held || rep.Exported != 400 || len(rep.Failures) != 1 || rep.Failures[0].ID != id || rep.Whole() {
			w.t.Errorf("held: %t, run is %+v, failures %+v", held, rep.Run, rep.Failures)
		}
		w.verify()
		mend()
		if rep := w.run(pipeline.Options{}); rep.Exported != 1 || !rep.Whole() {
			w.t.Errorf("the next run is %+v", rep.Run)
		}
		w.checkEqual()
		w.verify()
	})
}
