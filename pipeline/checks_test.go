package pipeline_test

import (
	"context"
	"errors"
	"sync/atomic"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/internal/histories"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

func (fx *fixture) job() pipeline.Job {
	return pipeline.Job{Source: fx.client.Open(fx.mailbox.ID), Repository: fx.repo, Mailbox: fx.mailbox, Graph: manifest.Graph{Version: "v1.0"}}
}

// run exports the mailbox and expects success.
func (fx *fixture) run(opts pipeline.Options) *pipeline.Report {
	fx.t.Helper()
	rep, err := pipeline.Run(fx.t.Context(), fx.job(), opts)
	if err != nil {
		fx.t.Fatal(err)
	}
	if err := rep.Run.Check(); err != nil {
		fx.t.Error(err)
	}
	fx.checkCoverage(rep)
	return rep
}

// slice exports the mailbox, is cancelled at a request, and reports whether the run is complete.
func (fx *fixture) slice(requests int, opts pipeline.Options) (over bool) {
	fx.t.Helper()
	ctx, cancel := context.WithCancel(fx.t.Context())
	defer cancel()
	defer fx.sim.Inject(simulator.Fault{Skip: requests, Before: cancel}).Remove()
	rep, err := pipeline.Run(ctx, fx.job(), opts)
	if rep != nil {
		if err := rep.Run.Check(); err != nil {
			fx.t.Error(err)
		}
	}
	if err != nil && !errors.Is(err, pipeline.ErrInterrupted) {
		fx.t.Fatal(err)
	}
	return err == nil && rep.State == manifest.StateComplete
}

// verify expects the repository to be intact, data included.
func (fx *fixture) verify() *restore.Verification {
	fx.t.Helper()
	v, err := restore.Verify(fx.t.Context(), fx.repo, restore.VerifyOptions{})
	if err != nil {
		fx.t.Fatal(err)
	}
	for _, p := range v.Problems {
		fx.t.Errorf("%s: %s", p.Object, p.Error)
	}
	return v
}

// held returns the last snapshot's items by id.
func (fx *fixture) held() map[string]manifest.Row {
	fx.t.Helper()
	return histories.Held(fx.t, fx.repo, fx.mailbox.ID)
}

// checkHeld expects the last snapshot to hold exactly what the simulated mailbox does.
func (fx *fixture) checkHeld() {
	fx.t.Helper()
	histories.CheckHeld(fx.t, fx.repo, fx.sim, fx.mailbox.ID)
}

// checkCoverage expects a report's counts to add up, in each folder and in total, and to be the
// manifest's.
func (fx *fixture) checkCoverage(rep *pipeline.Report) {
	fx.t.Helper()
	all := []snapshots.Counts{rep.Coverage}
	for _, g := range append(rep.Short, rep.Refused...) {
		all = append(all, g.Counts)
	}
	for _, c := range all {
		if c.Counted+c.Extra != c.Held+c.LeftOut+c.Failed+c.Gone+c.Missing {
			fx.t.Errorf("counts do not add up: %+v", c)
		}
	}
	c := snapshots.CoverageOf(fx.latest().Snapshot)
	if diff := cmp.Diff(c.Counts, rep.Coverage) + cmp.Diff(c.Gaps, rep.Gaps); diff != "" || c.Covered() != rep.Whole() {
		fx.t.Errorf("manifest (%t) and report (%t) differ:\n%s", c.Covered(), rep.Whole(), diff)
	}
}

// checkCounts expects the last snapshot to have Graph's counts of this moment, and all counted
// items.
func (fx *fixture) checkCounts() {
	fx.t.Helper()
	s := fx.latest()
	counts := map[string]int64{}
	for _, f := range fx.sim.Folders(fx.mailbox.ID) {
		counts[f.ID] = int64(f.Items)
	}
	for _, f := range s.Folders {
		if f.TotalItemCount != counts[f.ID] || f.Items != counts[f.ID] {
			fx.t.Errorf("folder %q has %d items of %d, Graph counts %d", f.Path, f.Items, f.TotalItemCount, counts[f.ID])
		}
	}
	if c := snapshots.CoverageOf(s.Snapshot); c.Missing != 0 {
		fx.t.Errorf("%d items are missing: %+v", c.Missing, c.Gaps)
	}
}

func (fx *fixture) latest() *snapshots.Snapshot {
	fx.t.Helper()
	s, err := snapshots.Latest(fx.t.Context(), fx.repo, fx.mailbox.ID)
	fx.check(err)
	return s
}

// wellKnown returns a folder of the last snapshot by its well-known name.
func (fx *fixture) wellKnown(name string) manifest.Folder {
	fx.t.Helper()
	for _, f := range fx.latest().Folders {
		if f.WellKnownName == name {
			return f
		}
	}
	fx.t.Fatalf("the snapshot has no folder %s", name)
	return manifest.Folder{}
}

// objects counts the repository's objects below a prefix.
func (fx *fixture) objects(prefix string) int {
	fx.t.Helper()
	n := 0
	for o, err := range fx.repo.Objects(context.Background()) {
		if err != nil {
			fx.t.Fatal(err)
		}
		if len(o.Key) >= len(prefix) && o.Key[:len(prefix)] == prefix {
			n++
		}
	}
	return n
}

// requests counts the requests that do makes, by operation.
func (fx *fixture) requests(do func()) map[simulator.Operation]int64 {
	before := fx.sim.Stats().Requests
	do()
	after := fx.sim.Stats().Requests
	for op := range before {
		if after[op] -= before[op]; after[op] == 0 {
			delete(after, op)
		}
	}
	return after
}

// listed counts the requests that list a folder's items while do runs.
func (fx *fixture) listed(folder string, do func()) (n int64) {
	var count atomic.Int64
	for _, op := range []simulator.Operation{simulator.OpItems, simulator.OpItemDelta} {
		defer fx.sim.Inject(simulator.Fault{Operation: op, Folder: folder, Times: -1, Before: func() { count.Add(1) }}).Remove()
	}
	do()
	return count.Load()
}
