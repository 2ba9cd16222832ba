package pipeline_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// checkCounts expects the last snapshot to have Graph's counts of this moment, and all of what is
// counted.
func (w *world) checkCounts() {
	w.t.Helper()
	s := w.latest()
	counts := map[string]int64{}
	for _, f := range w.sim.Folders(w.mailbox.ID) {
		counts[f.ID] = int64(f.Items)
	}
	for _, f := range s.Folders {
		if f.TotalItemCount != counts[f.ID] || f.Items != counts[f.ID] {
			w.t.Errorf("folder %q has %d items of %d, Graph counts %d", f.Path, f.Items, f.TotalItemCount, counts[f.ID])
		}
	}
	if c := snapshots.CoverageOf(s.Snapshot); c.Missing != 0 {
		w.t.Errorf("%d items are missing: %+v", c.Missing, c.Gaps)
	}
}

// TestCountsAreFresh: every run holds what it knows against counts that Graph gives in that run.
func TestCountsAreFresh(t *testing.T) {
	tests := map[string]func(w *world){
		"items that no delta shows": func(w *world) {
			for range 5 {
				w.add()
			}
			w.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: w.folder("inbox"), Omit: 5})
		},
		"an item that vanishes before its export": func(w *world) { w.vanish(w.add()) },
		"a changed item that vanishes": func(w *world) {
			id := w.inbox()[3]
			w.touch(id)
			w.vanish(id)
		},
		"items deleted": func(w *world) { w.delete(w.inbox()[0]) },
		"an item comes during the run": func(w *world) {
			w.add()
			w.onExport(0, func() { w.add() })
		},
	}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Options{Seed: 61, Items: 200, ItemSize: 3000})
			w.run(pipeline.Options{})
			w.checkCounts()
			change(w)
			if rep := w.run(pipeline.Options{}); rep.State != manifest.StateComplete || len(rep.Short) > 0 {
				t.Errorf("run is %+v, short %+v", rep.Run, rep.Short)
			}
			for range 2 {
				w.run(pipeline.Options{})
				w.checkEqual()
				w.checkCounts()
			}
		})
	}
}

// TestVanishedItems: a first run, whose listing Graph's count goes with, says which items vanished.
func TestVanishedItems(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 62, Items: 100, ItemSize: 3000})
	ids := w.inbox()
	w.vanish(ids[2])
	w.vanish(ids[5])
	rep := w.run(pipeline.Options{})
	if rep.Gone != 2 || !rep.Whole() {
		t.Errorf("run is %+v, short %+v", rep.Run, rep.Short)
	}
	for _, f := range w.latest().Folders {
		if f.TotalItemCount > f.Items+f.Gone { // items may vanish between a page and the count
			t.Errorf("folder %q has %d items and %d gone, of %d", f.Path, f.Items, f.Gone, f.TotalItemCount)
		}
	}
	w.run(pipeline.Options{})
	w.checkCounts()
}
