package pipeline_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestOneFailedWrite: if any single write fails, the run returns its error, what is committed is
// intact, and the next run exports the rest.
func TestOneFailedWrite(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 31, Items: 60, MaxItemSize: 100 << 10})
	opts := pipeline.Options{CheckpointBytes: 300 << 10}
	for _, prefix := range []string{"packs/", "manifests/", "refs/"} {
		for n := 0; ; n++ {
			store := memstore.New()
			fx.repo = newRepository(t, store.Open())
			seen := store.FailOne(prefix, n)
			_, err := pipeline.Run(t.Context(), fx.job(), opts)
			if seen() <= n {
				if n == 0 {
					t.Errorf("nothing is written below %s", prefix)
				}
				break
			}
			what := fmt.Sprintf("write %d below %s", n, prefix)
			if !errors.Is(err, memstore.ErrDenied) {
				t.Errorf("%s: error is %v", what, err)
			}
			store.Intercept(nil)
			fx.verify()
			fx.run(opts)
			fx.checkHeld()
			fx.verify()
		}
	}
}

// TestTwoRuns: of several runs from the same snapshot, one commits.
func TestTwoRuns(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 7, Items: 60})
	const n = 3
	errs := make([]error, n)
	var wg sync.WaitGroup
	fx.beforeCommit(n)
	for i := range n {
		wg.Go(func() { _, errs[i] = pipeline.Run(t.Context(), fx.job(), pipeline.Options{}) })
	}
	wg.Wait()
	won := 0
	for _, err := range errs {
		switch {
		case err == nil:
			won++
		case !errors.Is(err, repository.ErrRefExists):
			t.Errorf("error is %v", err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d runs committed", won, n)
	}
	fx.verify()
	fx.checkHeld()
}

// TestManyRuns: after many runs with changes a mailbox's rows are in few segments, and few rows are
// dead.
func TestManyRuns(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 19, Items: 600, ItemSize: 3100})
	fx.run(pipeline.Options{NoProperties: true})
	for range 60 {
		ids := fx.itemIDs()
		for i := range 30 {
			fx.touch(ids[i*19])
		}
		fx.delete(ids[5])
		fx.add()
		fx.run(pipeline.Options{NoProperties: true})
	}
	s, rows := fx.latest(), int64(0)
	for _, g := range s.Segments {
		rows += g.Rows
	}
	if len(s.Segments) > 8 || rows > s.Totals.Items+s.Totals.Items/4+1100 {
		t.Errorf("%d segments with %d rows for %d items", len(s.Segments), rows, s.Totals.Items)
	}
	fx.checkHeld()
	fx.verify()
}
