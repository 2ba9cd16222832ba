package pipeline_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestPackBound: no pack outgrows its bound, which memory is reckoned by, though frames may be
// larger than what is left of it.
func TestPackBound(t *testing.T) {
	const target = 5 << 20
	w := newWorld(t, simulator.Options{Seed: 31, Items: 20, MinItemSize: 1 << 20, MaxItemSize: 8 << 20})
	pool := newPool(t, 1, target)
	w.run(pipeline.Options{Pool: pool})
	packs := 0
	for o, err := range w.repo.Objects(t.Context()) {
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
