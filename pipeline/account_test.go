package pipeline_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// checkCoverage expects a report's counts to add up, per folder and in total, and to be those that
// the manifest has.
func (w *world) checkCoverage(rep *pipeline.Report) {
	w.t.Helper()
	all := []snapshots.Counts{rep.Coverage}
	for _, g := range append(rep.Short, rep.Refused...) {
		all = append(all, g.Counts)
	}
	for _, c := range all {
		if c.Counted+c.Extra != c.Held+c.LeftOut+c.Failed+c.Gone+c.Missing {
			w.t.Errorf("counts do not add up: %+v", c)
		}
	}
	c := snapshots.CoverageOf(w.latest().Snapshot)
	if diff := cmp.Diff(c.Counts, rep.Coverage) + cmp.Diff(c.Gaps, rep.Gaps); diff != "" || c.Covered() != rep.Whole() {
		w.t.Errorf("manifest (%t) and report (%t) differ:\n%s", c.Covered(), rep.Whole(), diff)
	}
}

// wellKnown returns a folder of the last snapshot.
func (w *world) wellKnown(name string) manifest.Folder {
	w.t.Helper()
	for _, f := range w.latest().Folders {
		if f.WellKnownName == name {
			return f
		}
	}
	w.t.Fatalf("there is no folder %s", name)
	return manifest.Folder{}
}

// TestOutdated: an item that changed and fails counts as failed, and is held in its older version.
func TestOutdated(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 31, Items: 60, ItemSize: 3200})
	w.run(pipeline.Options{})
	ids := w.itemIDs()
	w.touch(ids[7])
	w.failItem(ids[7], "ErrorCorruptData")
	added := w.add()
	w.failItem(added, "ErrorCorruptData")
	for range 2 {
		rep := w.run(pipeline.Options{})
		want := snapshots.Counts{Counted: 61, Held: 59, Failed: 2, Outdated: 1}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" {
			t.Errorf("coverage differs:\n%s", diff)
		}
		for _, f := range rep.Failures {
			if f.Held != (f.ID == ids[7]) || f.Subject == "" || f.Sender == nil || f.ReceivedDateTime.IsZero() || len(f.Path) == 0 {
				t.Errorf("failure is %+v", f)
			}
		}
	}
}

// TestLeftOutHeld: an item that changed and is not selected counts as left out, and is held in its older version. A
// run without the selection gets what it left out.
func TestLeftOutHeld(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 32, Items: 60, ItemSize: 3200})
	w.run(pipeline.Options{})
	ids := w.itemIDs()
	w.touch(ids[7])
	w.add()
	none := pipeline.Selection{Types: []string{"IPM.Nothing"}}
	for range 2 {
		rep := w.run(pipeline.Options{Selection: none})
		want := snapshots.Counts{Counted: 61, Held: 59, LeftOut: 2, Outdated: 1}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" || rep.State != manifest.StatePartial || !rep.Whole() {
			t.Errorf("state is %s, coverage differs:\n%s", rep.State, diff)
		}
	}
	if rep := w.run(pipeline.Options{}); rep.Exported != 2 || !rep.Whole() {
		t.Errorf("run is %+v", rep)
	}
	w.checkEqual()
}

// TestDeletedSinceListed: an item that is deleted between its listing and its export is not missing.
func TestDeletedSinceListed(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 33, Items: 60, ItemSize: 3200})
	w.run(pipeline.Options{})
	added := w.add()
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Before: func() { w.delete(added) }})
	rep := w.run(pipeline.Options{})
	if want := (snapshots.Counts{Counted: 61, Held: 60, Gone: 1}); rep.Run.Gone != 1 || rep.Coverage != want || !rep.Whole() {
		t.Errorf("run is %+v, coverage %+v", rep.Run, rep.Coverage)
	}
}

// TestUnconfirmed: a listing that is short leaves rows in doubt, and manifest and report agree on it.
func TestUnconfirmed(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 34, Items: 80, ItemSize: 3200})
	w.run(pipeline.Options{})
	inbox := w.wellKnown("inbox")
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		w.sim.Inject(simulator.Fault{Operation: op, Folder: inbox.ID, Times: -1, Omit: 2})
	}
	for range 2 {
		rep := w.run(pipeline.Options{Full: true})
		want := snapshots.Counts{Counted: 80, Held: 80, Unconfirmed: 2}
		if diff := cmp.Diff(want, rep.Coverage); diff != "" || len(rep.Short) != 1 || rep.Short[0].Folder != inbox.ID || rep.Whole() {
			t.Errorf("short are %+v, coverage differs:\n%s", rep.Short, diff)
		}
	}
}

// TestRefusedIsThrough: a folder that is refused each night does not keep the run from its end:
// what else is deleted vanishes, and the refusal has the same code each time.
func TestRefusedIsThrough(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 35, Items: 80, ItemSize: 3200})
	folder, err := w.sim.CreateFolder(w.mailbox.ID, "inbox", "Old")
	w.check(err)
	w.run(pipeline.Options{})
	refused := w.wellKnown("sentitems")
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		w.sim.Inject(simulator.Fault{Operation: op, Folder: refused.ID, Times: -1, Status: http.StatusForbidden, Code: "ErrorAccessDenied"})
	}
	w.check(w.sim.DeleteFolder(w.mailbox.ID, folder))
	var texts []string
	for range 2 {
		rep := w.run(pipeline.Options{})
		s := w.latest()
		if s.State != manifest.StatePartial || !s.Through || !rep.Through || len(rep.Refused) != 1 || rep.Whole() {
			t.Fatalf("run is %+v", rep)
		}
		if g := rep.Refused[0]; g.Folder != refused.ID || g.Code != "403 ErrorAccessDenied" {
			t.Errorf("refusal is %+v", g)
		}
		texts = append(texts, rep.Refused[0].Error)
		for _, f := range s.Folders {
			if f.ID == folder {
				t.Errorf("a deleted folder is listed: %+v", f)
			}
		}
	}
	if texts[0] == texts[1] {
		t.Errorf("the errors have no request ids, so that this test shows nothing: %s", texts[0])
	}
}

// TestLeftOutResumed: what is held and not selected counts once, also in a run that continues the
// listing of others; and a run without the selection gets what changed.
func TestLeftOutResumed(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 36, Items: 900, MaxPageSize: 10, ItemSize: 3000})
	w.run(pipeline.Options{})
	for i := range 3 {
		w.touch(w.inbox()[i*10])
	}
	opts := pipeline.Options{Selection: pipeline.Selection{Types: []string{"IPM.Nothing"}}, Full: true}
	runs := 1
	for ; !w.slice(120, opts); runs++ {
		s := w.latest()
		if s.Through {
			break
		}
		if runs == 30 {
			t.Fatal("the runs do not come to an end")
		}
		opts.Full = false
	}
	s := w.latest()
	c := snapshots.CoverageOf(s.Snapshot)
	if runs < 2 || c.Missing != 0 || c.Extra != 0 || c.Held+c.LeftOut != 900 || c.LeftOut != c.Outdated || !c.Covered() {
		t.Errorf("after %d runs, coverage is %+v", runs, c)
	}
	if s.Run.Listed != 900 {
		t.Errorf("the last run listed %d items", s.Run.Listed)
	}
	if rep := w.run(pipeline.Options{}); rep.Exported != 3 || !rep.Whole() {
		t.Errorf("run is %+v", rep.Run)
	}
	w.checkEqual()
}
