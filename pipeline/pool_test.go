package pipeline_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// smallPack is a size of packs that tests fill quickly.
const smallPack = 200 << 10

// newPool returns a pool whose packs end at packTarget stored bytes. At the end of the test it
// checks that the runs have returned everything.
func newPool(t testing.TB, runs, packTarget int) *pipeline.Pool {
	t.Helper()
	pool, err := pipeline.NewSmallPool(runs, packTarget)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if n := pipeline.InUse(pool); n > 0 {
			t.Errorf("runs that have ended hold %d resources of the pool", n)
		}
		pool.Close()
	})
	return pool
}

// TestPool runs more mailboxes than the pool has slots; each of them fills several packs.
func TestPool(t *testing.T) {
	fixtures := newFixtures(t, "v1.0", 5, simulator.Options{Seed: 20, Items: 150, MaxItemSize: 300 << 10})
	pool := newPool(t, 3, smallPack)
	reports := make([]*pipeline.Report, len(fixtures))
	var wg sync.WaitGroup
	for i, fx := range fixtures {
		wg.Go(func() {
			rep, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{Pool: pool})
			if err != nil || !rep.Whole() || rep.Packs < 2 {
				t.Errorf("run %d: %+v, %v", i, rep, err)
			}
			reports[i] = rep
		})
	}
	wg.Wait()
	if t.Failed() {
		return
	}
	stored := map[string]int64{}
	for _, rep := range reports {
		for _, s := range rep.Stages {
			stored[s.Name] += s.Count
		}
	}
	for _, s := range pool.Stages() {
		if s.Count != stored[s.Name] || s.Count == 0 {
			t.Errorf("the runs' %s counts %d, the pool's %d", s.Name, stored[s.Name], s.Count)
		}
		if s.Name == "export" && s.Workers > 3*4 {
			t.Errorf("there were %d exporters at once", s.Workers)
		}
	}
	for _, fx := range fixtures {
		fx.checkHeld()
	}
	if v := fixtures[0].verify(); v.Mailboxes != int64(len(fixtures)) || v.Unreferenced != 0 {
		t.Errorf("verification is %+v", v)
	}
}

// TestPoolSlowMailbox: runs proceed while another one has begun a pack and gets nothing to fill it.
func TestPoolSlowMailbox(t *testing.T) {
	fixtures := newFixtures(t, "v1.0", 3, simulator.Options{Seed: 21, Items: 100, ItemSize: 150 << 10})
	slow, quick := fixtures[0], fixtures[1:]
	pool := newPool(t, len(fixtures), 6<<20)
	stuck, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	slow.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Mailbox: slow.mailbox.ID, Skip: 2, Times: -1, Before: func() {
		once.Do(func() { close(stuck) })
		<-release
	}})
	var wg sync.WaitGroup
	wg.Go(func() { slow.run(pipeline.Options{Pool: pool}) })
	<-stuck
	for _, fx := range quick {
		if rep := fx.run(pipeline.Options{Pool: pool}); rep.Packs < 2 {
			t.Errorf("the run filled %d packs", rep.Packs)
		}
		fx.checkHeld()
	}
	if n := pipeline.InUse(pool); n != 2 {
		t.Errorf("the slow run holds %d resources of the pool, not its slot and a pack", n)
	}
	close(release)
	wg.Wait()
	slow.checkHeld()
}

// TestPoolAfterFailure: a run that fails returns all resources of the pool.
func TestPoolAfterFailure(t *testing.T) {
	fx := newFixture(t, simulator.Options{Seed: 22, Items: 150})
	pool := newPool(t, 1, smallPack)
	store := memstore.New()
	fx.repo = newRepository(t, store.Open())
	for _, writes := range []int{0, 1, 3, 6} {
		store.FailAfter(writes)
		if _, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{Pool: pool}); err == nil {
			t.Errorf("after %d writes, the run went on without its store", writes)
		}
		if n := pipeline.InUse(pool); n > 0 {
			t.Errorf("after %d writes, the run holds %d resources of the pool", writes, n)
		}
	}
	store.FailAfter(-1)
	fx.run(pipeline.Options{Pool: pool})
	fx.checkHeld()
}

// TestPoolWait: a run that is cancelled before it gets a slot has done nothing.
func TestPoolWait(t *testing.T) {
	fixtures := newFixtures(t, "v1.0", 2, simulator.Options{Seed: 23, Items: 20})
	pool := newPool(t, 1, smallPack)
	ctx, cancel := context.WithCancel(t.Context())
	fixtures[0].sim.Inject(simulator.Fault{Operation: simulator.OpExport, Mailbox: fixtures[0].mailbox.ID, Before: func() {
		cancel()
		rep, err := pipeline.Run(ctx, fixtures[1].job(), pipeline.Options{Pool: pool})
		if rep != nil || !errors.Is(err, pipeline.ErrInterrupted) {
			t.Errorf("the report is %+v, %v", rep, err)
		}
	}})
	fixtures[0].run(pipeline.Options{Pool: pool})
	fixtures[1].run(pipeline.Options{Pool: pool})
}

// TestPackBound: no pack exceeds the bound that memory is calculated with, although frames may be
// larger than what is left of it.
func TestPackBound(t *testing.T) {
	const target = 5 << 20
	fx := newFixture(t, simulator.Options{Seed: 31, Items: 20, MinItemSize: 1 << 20, MaxItemSize: 8 << 20})
	pool := newPool(t, 1, target)
	fx.run(pipeline.Options{Pool: pool})
	packs := 0
	for o, err := range fx.repo.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if o.Kind != repository.KindPack {
			continue
		}
		if packs++; o.Size > target+compress.PackExcess {
			t.Errorf("a pack has %d bytes", o.Size)
		}
	}
	if packs < 4 {
		t.Errorf("%d packs", packs)
	}
}
