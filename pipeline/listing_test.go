package pipeline_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestRefusedFolder: a folder that Graph refuses is reported, and its held items stay.
func TestRefusedFolder(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 17, Items: 100, ItemSize: 3200})
	fx.run(pipeline.Options{})
	s := fx.latest()
	var refused manifest.Folder
	for _, f := range s.Folders {
		if f.WellKnownName == "sentitems" {
			refused = f
		}
	}
	fault := fx.sim.Inject(simulator.Fault{Folder: refused.ID, Times: -1, Status: http.StatusForbidden})
	fx.add()
	rep := fx.run(pipeline.Options{})
	if rep.State != manifest.StatePartial || len(rep.Refused) != 1 || rep.Refused[0].Folder != refused.ID || rep.Exported != 1 || rep.Removed != 0 || rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	for _, f := range fx.latest().Folders {
		if f.ID == refused.ID && (f.Items != refused.Items || f.DeltaLink != refused.DeltaLink || !strings.Contains(f.Error, "403")) {
			t.Errorf("folder is %+v", f)
		}
	}
	fault.Remove()
	if rep := fx.run(pipeline.Options{}); rep.State != manifest.StateComplete || !rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	fx.checkHeld()
}

// TestFolderGoes: a folder that is created after the last run and deleted during the next one
// leaves nothing behind.
func TestFolderGoes(t *testing.T) {
	inBubble(t, simulator.Options{Seed: 22, Items: 60, ItemSize: 3200}, func(fx *fixture) {
		for range 2 {
			folder, err := fx.sim.CreateFolder(fx.mailbox.ID, "inbox", "Short-lived")
			fx.check(err)
			for range 25 {
				_, err := fx.sim.Add(fx.mailbox.ID, folder)
				fx.check(err)
			}
			exported := fx.sim.Stats().Items
			fx.sim.Inject(simulator.Fault{Operation: simulator.OpItemDelta, Folder: folder, Before: func() {
				time.Sleep(time.Second) // until everything that was listed is exported
				if n := fx.sim.Stats().Items - exported; n < 20 {
					fx.t.Errorf("%d items are exported before their folder goes", n)
				}
				_ = fx.sim.DeleteFolder(fx.mailbox.ID, folder)
			}})
			if rep := fx.run(pipeline.Options{}); !rep.Whole() {
				fx.t.Errorf("run is %+v", rep)
			}
			fx.verify()
			fx.run(pipeline.Options{})
			fx.checkHeld()
			fx.verify()
		}
	})
}

// TestSelectedFolder: a run of one folder is partial and leaves the others alone.
func TestSelectedFolder(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 8, Items: 150})
	inbox := pipeline.Options{Selection: pipeline.Selection{Folders: [][]string{{"inbox"}}}}
	limited := fx.run(inbox)
	if limited.State != manifest.StatePartial || limited.Exported == 0 || limited.Exported >= 150 {
		t.Errorf("limited run is %+v", limited)
	}
	fx.run(pipeline.Options{})
	fx.checkHeld()
	again := fx.run(inbox)
	if again.Removed != 0 || again.Exported != 0 || again.State != manifest.StatePartial {
		t.Errorf("second limited run is %+v", again)
	}
	fx.checkHeld()
	_, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{Selection: pipeline.Selection{Folders: [][]string{{"no such folder"}}}})
	if !errors.Is(err, pipeline.ErrNoFolder) {
		t.Errorf("error is %v", err)
	}
	fx.verify()
}
