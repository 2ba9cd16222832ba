package pipeline_test

import (
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestTrickle: items that come so slowly that they fill neither a frame nor a pack are
// committed all the same when it is time.
func TestTrickle(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 23, Items: 160, ItemSize: 3200})
	store := memstore.New()
	w.repo = newRepository(t, store.Open())
	w.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Times: -1, Delay: 100 * time.Millisecond})
	w.onExport(7, func() { store.FailAfter(0) })
	opts := pipeline.Options{Exporters: 1, CheckpointInterval: 40 * time.Millisecond}
	if _, err := pipeline.Run(t.Context(), w.job(), opts); err == nil {
		t.Fatal("the run went on without its store")
	}
	store.FailAfter(-1)
	s := w.latest()
	if s.State != manifest.StatePartial || s.Totals.Items == 0 {
		t.Errorf("%d items were committed as %s", s.Totals.Items, s.State)
	}
	w.run(pipeline.Options{})
	w.checkEqual()
	w.verify()
}
