package pipeline_test

import (
	"net/http"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestDeltaBreaks: items that a delta query listed before it broke are exported, whatever
// lists the folder afterwards, and no run that left an item out counts as complete.
func TestDeltaBreaks(t *testing.T) {
	changes := map[string]func(w *world){
		"changed items": func(w *world) {
			for _, id := range w.inbox()[:8] {
				w.touch(id)
			}
		},
		"new items": func(w *world) {
			for range 8 {
				w.add()
			}
		},
	}
	breaks := map[string]simulator.Fault{
		"gone":           {Status: http.StatusGone, Code: "SyncStateNotFound"},
		"resync":         {Status: http.StatusBadRequest, Code: "resyncRequired"},
		"refused":        {Status: http.StatusBadRequest, Code: "BadRequest"},
		"no delta":       {Status: http.StatusNotImplemented},
		"cut every time": {Times: 20, Cut: simulator.CutClean, CutAfter: 40},
		"error":          {Times: 20, Status: http.StatusInternalServerError},
	}
	for what, change := range changes {
		for how, fault := range breaks {
			t.Run(what+", "+how, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, simulator.Options{Seed: 31, Items: 60, MaxPageSize: 3})
				w.run(pipeline.Options{})
				change(w)
				fault.Operation, fault.Folder, fault.Skip = simulator.OpItemDelta, w.folder("inbox"), 1
				w.sim.Inject(fault)
				for night := range 2 {
					rep, err := pipeline.Run(t.Context(), w.job(), pipeline.Options{})
					if err != nil {
						t.Fatalf("night %d: %v", night, err)
					}
					if rep.Pending > 0 || rep.State != manifest.StateComplete {
						t.Errorf("night %d: run is %+v", night, rep.Run)
					}
					w.checkEqual()
				}
				w.verify()
			})
		}
	}
}

// folder returns the id of a well-known folder.
func (w *world) folder(wellKnownName string) string {
	for _, f := range w.sim.Folders(w.mailbox.ID) {
		if f.WellKnownName == wellKnownName {
			return f.ID
		}
	}
	w.t.Fatalf("the mailbox has no %s", wellKnownName)
	return ""
}

// inbox returns the ids of the items of the inbox.
func (w *world) inbox() (ids []string) {
	folder := w.folder("inbox")
	for it := range w.sim.Items(w.mailbox.ID) {
		if it.FolderID == folder {
			ids = append(ids, it.ID)
		}
	}
	return ids
}
