package pipeline_test

import (
	"net/http"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestDeltaBreaks: items that a delta query listed before it broke are exported, however the folder
// is listed afterwards, and no run that left an item out counts as complete.
func TestDeltaBreaks(t *testing.T) {
	changes := map[string]func(fx *fixture){
		"changed items": func(fx *fixture) {
			for _, id := range fx.inbox()[:8] {
				fx.touch(id)
			}
		},
		"new items": func(fx *fixture) {
			for range 8 {
				fx.add()
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
				fx := newFixture(t, simulator.Options{Seed: 31, Items: 60, MaxPageSize: 3})
				fx.run(pipeline.Options{})
				change(fx)
				fault.Operation, fault.Folder, fault.Skip = simulator.OpItemDelta, fx.folder("inbox"), 1
				fx.sim.Inject(fault)
				for night := range 2 {
					rep, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{})
					if err != nil {
						t.Fatalf("night %d: %v", night, err)
					}
					if rep.Pending > 0 || rep.State != manifest.StateComplete {
						t.Errorf("night %d: run is %+v", night, rep.Run)
					}
					fx.checkHeld()
				}
				fx.verify()
			})
		}
	}
}

// TestExpiredDeltas: a link that Graph no longer accepts costs a listing and no export.
func TestExpiredDeltas(t *testing.T) {
	for _, how := range []simulator.Expiry{simulator.ExpiryGone, simulator.ExpiryStateNotFound, simulator.ExpiryResync} {
		fx := newFixture(t, simulator.Options{Seed: 13, Items: 150})
		fx.run(pipeline.Options{})
		fx.delete(fx.itemIDs()[9])
		fx.check(fx.sim.ExpireDeltas(fx.mailbox.ID, "", how))
		if rep := fx.run(pipeline.Options{}); rep.Exported != 0 || rep.Removed != 1 || rep.Skipped != 149 || rep.State != manifest.StateComplete {
			t.Errorf("expiry %v: run is %+v", how, rep)
		}
		fx.checkHeld()
		made := fx.requests(func() { fx.run(pipeline.Options{}) })
		if made[simulator.OpItems] != 0 {
			t.Errorf("expiry %v: the run after takes %v", how, made)
		}
	}
}

// TestProperties: rows have the properties that identify an item, in a first run and after a
// change.
func TestProperties(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 12, Items: 60, ItemSize: 5000})
	fx.run(pipeline.Options{})
	added := fx.add()
	fx.run(pipeline.Options{})
	for id, row := range fx.held() {
		if row.Subject == "" || row.Sender == nil || row.Sender.Address == "" || len(row.SearchKey) == 0 || row.InternetMessageID == "" {
			t.Errorf("item %s (added: %t) is %+v", id, id == added, row.Properties)
		}
	}
	bare := newFixture(t, simulator.Options{Seed: 12, Items: 20})
	bare.run(pipeline.Options{NoProperties: true})
	if s := bare.latest(); s.State != manifest.StateComplete {
		t.Errorf("state is %s", s.State)
	}
}
