package pipeline_test

import (
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestTrickle: items that come so slowly that they fill neither a frame nor a pack are committed
// when a partial snapshot is due.
func TestTrickle(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 23, Items: 160, ItemSize: 3200})
	store := memstore.New()
	fx.repo = newRepository(t, store.Open())
	fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Times: -1, Delay: 100 * time.Millisecond})
	fx.onExport(7, func() { store.FailAfter(0) })
	opts := pipeline.Options{Exporters: 1, CheckpointInterval: 40 * time.Millisecond}
	if _, err := pipeline.Run(t.Context(), fx.job(), opts); err == nil {
		t.Fatal("the run went on without its store")
	}
	store.FailAfter(-1)
	s := fx.latest()
	if s.State != manifest.StatePartial || s.Totals.Items == 0 {
		t.Errorf("%d items were committed as %s", s.Totals.Items, s.State)
	}
	fx.run(pipeline.Options{})
	fx.checkHeld()
	fx.verify()
}

// TestCheckpoints: items of a partial snapshot are not exported again.
func TestCheckpoints(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 14, Items: 500, ItemSize: 20_000})
	store := memstore.New()
	fx.repo = newRepository(t, store.Open())
	opts := pipeline.Options{CheckpointBytes: 500_000, CheckpointInterval: 4 * time.Millisecond}
	fx.onExport(22, func() { store.FailAfter(0) })
	if _, err := pipeline.Run(t.Context(), fx.job(), opts); err == nil {
		t.Fatal("the run went on without its store")
	}
	store.FailAfter(-1)
	s := fx.latest()
	if s.State != manifest.StatePartial || s.Totals.Items == 0 || s.Run.Check() != nil {
		t.Errorf("the last snapshot is %+v", s.Snapshot)
	}
	for _, f := range s.Folders {
		if f.DeltaLink != "" && f.Items < f.TotalItemCount {
			t.Errorf("folder %q is committed with %d of %d items", f.Path, f.Items, f.TotalItemCount)
		}
	}
	fx.verify()
	rep := fx.run(pipeline.Options{})
	if rep.Skipped != s.Totals.Items || rep.Exported != 500-s.Totals.Items {
		t.Errorf("%d items were committed, then %d skipped and %d exported", s.Totals.Items, rep.Skipped, rep.Exported)
	}
	fx.checkHeld()
}
