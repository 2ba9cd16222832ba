package pipeline_test

import (
	"net/http"
	"testing"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// TestResume: runs that are too short to list the largest folder complete the mailbox together, in
// about as many requests as one run takes, and hold exactly what the mailbox has.
func TestResume(t *testing.T) {
	expire := func(fx *fixture, _ int) {
		fx.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Folder: fx.folder("inbox"), Linked: true, Status: http.StatusGone})
	}
	tests := []struct {
		name    string
		opts    pipeline.Options
		held    bool // the mailbox is held, and listed again as a whole
		between func(fx *fixture, run int)
	}{
		{"links work", pipeline.Options{}, false, nil},
		{"links expire", pipeline.Options{}, false, expire},
		{"without properties", pipeline.Options{NoProperties: true}, false, nil},
		{"full", pipeline.Options{Full: true}, true, nil},
		{"items are deleted", pipeline.Options{}, false, func(fx *fixture, run int) {
			ids := fx.inbox()
			fx.delete(ids[0])
			fx.delete(ids[len(ids)/2])
			fx.delete(ids[len(ids)-1])
		}},
		{"items change", pipeline.Options{}, false, func(fx *fixture, run int) {
			ids := fx.inbox()
			fx.touch(ids[run%len(ids)])
			fx.touch(ids[len(ids)-1])
			fx.add()
		}},
		{"full, items are deleted and added", pipeline.Options{Full: true}, true, func(fx *fixture, run int) {
			fx.delete(fx.inbox()[run])
			fx.add()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fx := newFixture(t, simulator.Options{Seed: 51, Items: 2000, MaxPageSize: 10, ItemSize: 3000})
			inbox := fx.folder("inbox")
			repo := fx.repo
			if tt.held {
				fx.run(pipeline.Options{})
			} else {
				fx.repo = newRepository(t, memblob.OpenBucket(nil))
			}
			uncut := fx.listed(inbox, func() { fx.run(tt.opts) })
			fx.repo = repo

			runs, opts := 1, tt.opts
			requests := fx.listed(inbox, func() {
				for ; !fx.slice(250, opts); runs++ {
					fx.verify()
					if runs == 40 {
						t.Fatalf("%d runs did not come to an end", runs)
					}
					opts.Full = false // the run that was cut is continued
					if tt.between != nil {
						tt.between(fx, runs)
					}
				}
			})
			// What is on its way when a run is cut is listed again: some 140 items in each pass.
			if requests > uncut+int64(runs)*40 || runs < 2 {
				t.Errorf("%d runs took %d requests for the inbox, one takes %d", runs, requests, uncut)
			}
			fx.checkHeld()
			if rep := fx.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("the run after is %+v, short %+v", rep.Run, rep.Short)
			}
			fx.checkHeld()
			fx.verify()
		})
	}
}

// TestResumeArchive: listings without delta queries are continued, in auxiliary mailboxes too,
// whatever is deleted between the runs.
func TestResumeArchive(t *testing.T) {
	for _, change := range []bool{false, true} {
		fx := newFixtureOf(t, "beta", simulator.Options{Seed: 52, Items: 3000, MaxPageSize: 10, ItemSize: 3000, Archives: true, Auxiliaries: 2})
		fx.mailbox = manifest.Mailbox{ID: fx.sim.Mailboxes()[0].ArchiveID, Kind: "archive"}
		for night := range 2 {
			runs := 1
			for ; !fx.slice(150, pipeline.Options{Full: runs == 1}); runs++ {
				fx.verify()
				if runs == 40 {
					t.Fatalf("%d runs did not come to an end", runs)
				}
				if ids := fx.itemIDs(); change {
					fx.delete(ids[runs])
					fx.delete(ids[len(ids)/2])
					fx.touch(ids[len(ids)/3])
				}
			}
			if runs < 2 {
				t.Errorf("night %d: %d runs", night, runs)
			}
			fx.run(pipeline.Options{})
			fx.checkHeld()
		}
		fx.verify()
	}
}

// TestResumeWithOtherSelections: items that a selection left out of an unfinished listing are
// listed when the selection changes, even after runs with other selections.
func TestResumeWithOtherSelections(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 53, Items: 900, MaxPageSize: 10, ItemSize: 3000})
	fx.slice(120, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Contact"}}})
	fx.slice(40, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}})
	fx.slice(40, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}})
	fx.slice(90, pipeline.Options{})
	fx.run(pipeline.Options{})
	fx.checkHeld()
	fx.verify()
}

// TestSelectionsBetween: an incremental run lists what an earlier selection left out, even if a run
// in between had another selection and was cancelled before it came to the folder.
func TestSelectionsBetween(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 54, Items: 300, ItemSize: 3000})
	fx.run(pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Contact"}}})
	notes := pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}}
	for requests := 20; requests < 60; requests += 10 {
		fx.slice(requests, notes)
	}
	fx.run(notes)
	held := fx.held()
	for it := range fx.sim.Items(fx.mailbox.ID) {
		if _, ok := held[it.ID]; it.Type == "IPM.Note" && !ok {
			t.Errorf("item %s is missing", it.ID)
		}
	}
}

// TestLeftOutResumed: an item that is held and not selected counts once, also in a run that
// continues the listing of others. A run without the selection exports what changed.
func TestLeftOutResumed(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 36, Items: 900, MaxPageSize: 10, ItemSize: 3000})
	fx.run(pipeline.Options{})
	for i := range 3 {
		fx.touch(fx.inbox()[i*10])
	}
	opts := pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Nothing"}}, Full: true}
	runs := 1
	for ; !fx.slice(120, opts); runs++ {
		s := fx.latest()
		if s.Through {
			break
		}
		if runs == 30 {
			t.Fatal("the runs do not come to an end")
		}
		opts.Full = false
	}
	s := fx.latest()
	c := snapshots.CoverageOf(s.Snapshot)
	if runs < 2 || c.Missing != 0 || c.Extra != 0 || c.Held+c.LeftOut != 900 || c.LeftOut != c.Outdated || !c.Covered() {
		t.Errorf("after %d runs, coverage is %+v", runs, c)
	}
	if s.Run.Listed != 900 {
		t.Errorf("the last run listed %d items", s.Run.Listed)
	}
	if rep := fx.run(pipeline.Options{}); rep.Exported != 3 || !rep.Whole() {
		t.Errorf("run is %+v", rep.Run)
	}
	fx.checkHeld()
}
