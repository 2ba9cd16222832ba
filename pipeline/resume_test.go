package pipeline_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"

	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// slice is a run that is cut off at a request, and reports whether it came to its end.
func (w *world) slice(requests int, opts pipeline.Options) (over bool) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	defer w.sim.Inject(simulator.Fault{Skip: requests, Before: cancel}).Remove()
	rep, err := pipeline.Run(ctx, w.job(), opts)
	if rep != nil {
		if err := rep.Run.Check(); err != nil {
			w.t.Error(err)
		}
	}
	if err != nil && !errors.Is(err, pipeline.ErrInterrupted) {
		w.t.Fatal(err)
	}
	return err == nil && rep.State == manifest.StateComplete
}

// listed counts the requests that list a folder's items while do runs.
func (w *world) listed(folder string, do func()) (n int64) {
	var count atomic.Int64
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		defer w.sim.Inject(simulator.Fault{Operation: op, Folder: folder, Times: -1, Before: func() { count.Add(1) }}).Remove()
	}
	do()
	return count.Load()
}

// TestResume: runs that are too short to list the largest folder come to an end together, in about
// as many requests as one run takes, and hold exactly what the mailbox does.
func TestResume(t *testing.T) {
	expire := func(w *world, _ int) {
		w.sim.Inject(simulator.Fault{Operation: simulator.OpItems, Folder: w.folder("inbox"), Linked: true, Status: http.StatusGone})
	}
	tests := []struct {
		name    string
		opts    pipeline.Options
		held    bool // the mailbox is held, and listed again as a whole
		between func(w *world, run int)
	}{
		{"links work", pipeline.Options{}, false, nil},
		{"links expire", pipeline.Options{}, false, expire},
		{"without properties", pipeline.Options{NoProperties: true}, false, nil},
		{"full", pipeline.Options{Full: true}, true, nil},
		{"items are deleted", pipeline.Options{}, false, func(w *world, run int) {
			ids := w.inbox()
			w.delete(ids[0])
			w.delete(ids[len(ids)/2])
			w.delete(ids[len(ids)-1])
		}},
		{"items change", pipeline.Options{}, false, func(w *world, run int) {
			ids := w.inbox()
			w.touch(ids[run%len(ids)])
			w.touch(ids[len(ids)-1])
			w.add()
		}},
		{"full, items are deleted and added", pipeline.Options{Full: true}, true, func(w *world, run int) {
			w.delete(w.inbox()[run])
			w.add()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, simulator.Options{Seed: 51, Items: 2000, MaxPageSize: 10, ItemSize: 3000})
			inbox := w.folder("inbox")
			repo := w.repo
			if tt.held {
				w.run(pipeline.Options{})
			} else {
				w.repo = newRepository(t, memblob.OpenBucket(nil))
			}
			uncut := w.listed(inbox, func() { w.run(tt.opts) })
			w.repo = repo

			runs, opts := 1, tt.opts
			requests := w.listed(inbox, func() {
				for ; !w.slice(250, opts); runs++ {
					w.verify()
					if runs == 40 {
						t.Fatalf("%d runs did not come to an end", runs)
					}
					opts.Full = false // the run that was cut is continued
					if tt.between != nil {
						tt.between(w, runs)
					}
				}
			})
			// What is on its way when a run is cut is listed again: some 140 items in each pass.
			if requests > uncut+int64(runs)*40 || runs < 2 {
				t.Errorf("%d runs took %d requests for the inbox, one takes %d", runs, requests, uncut)
			}
			w.checkEqual()
			if rep := w.run(pipeline.Options{}); !rep.Whole() {
				t.Errorf("the run after is %+v, short %+v", rep.Run, rep.Short)
			}
			w.checkEqual()
			w.verify()
		})
	}
}

// TestResumeArchive: listings without delta queries, of folders in auxiliary mailboxes too, are
// continued, whatever is deleted between the runs.
func TestResumeArchive(t *testing.T) {
	for _, change := range []bool{false, true} {
		w := newWorldOf(t, "beta", simulator.Options{Seed: 52, Items: 3000, MaxPageSize: 10, ItemSize: 3000, Archives: true, Auxiliaries: 2})
		w.mailbox = manifest.Mailbox{ID: w.sim.Mailboxes()[0].ArchiveID, Kind: "archive"}
		for night := range 2 {
			runs := 1
			for ; !w.slice(150, pipeline.Options{Full: runs == 1}); runs++ {
				w.verify()
				if runs == 40 {
					t.Fatalf("%d runs did not come to an end", runs)
				}
				if ids := w.itemIDs(); change {
					w.delete(ids[runs])
					w.delete(ids[len(ids)/2])
					w.touch(ids[len(ids)/3])
				}
			}
			if runs < 2 {
				t.Errorf("night %d: %d runs", night, runs)
			}
			w.run(pipeline.Options{})
			w.checkEqual()
		}
		w.verify()
	}
}

// TestResumeElsewhere: what a selection left out of a listing that was cut is listed when the
// selection changes, though runs with yet another selection came between.
func TestResumeElsewhere(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 53, Items: 900, MaxPageSize: 10, ItemSize: 3000})
	w.slice(120, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Contact"}}})
	w.slice(40, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}})
	w.slice(40, pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}})
	w.slice(90, pipeline.Options{})
	w.run(pipeline.Options{})
	w.checkEqual()
	w.verify()
}

// TestSelectionsBetween: an incremental run lists what an earlier selection left out, though a run
// that was cut before it came to the folder had another one.
func TestSelectionsBetween(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 54, Items: 300, ItemSize: 3000})
	w.run(pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Contact"}}})
	notes := pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Note"}}}
	for requests := 20; requests < 60; requests += 10 {
		w.slice(requests, notes)
	}
	w.run(notes)
	held := w.held()
	for it := range w.sim.Items(w.mailbox.ID) {
		if _, ok := held[it.ID]; it.Type == "IPM.Note" && !ok {
			t.Errorf("item %s is missing", it.ID)
		}
	}
}
