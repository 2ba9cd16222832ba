package replicate_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mailhaul/mailhaul/replicate"
)

// TestKillAnywhere copies random repositories and fails at each write in turn. The target is intact
// then, and the copy continues when it is repeated.
func TestKillAnywhere(t *testing.T) {
	first := rand.Uint64() >> 32
	t.Logf("seeds from %d on", first)
	for seed := first; seed < first+4; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			o := newTestSource(t, seed, 1+int(seed%3))
			o.exportNightly(1 + int(seed/3%3))
			n := len(o.keys("")) - 1 // all but the config
			for writes := range n {
				to := newTestRepo(t)
				to.store.FailAfter(writes)
				if _, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{}); err == nil {
					t.Fatalf("the copy succeeded in spite of a failure at write %d of %d", writes, n)
				}
				to.verify()
				to.store.FailAfter(-1)
				report := o.copyTo(to)
				if skipped := report.Skipped.All().Objects; skipped > int64(writes) {
					t.Errorf("%d objects were skipped after %d writes: %+v", skipped, writes, report)
				}
				o.checkCopy(to)
			}
		})
	}
}

// TestKillOften copies to one target between exports, and fails at random writes.
func TestKillOften(t *testing.T) {
	seed := rand.Uint64() >> 32
	t.Logf("seed %d", seed)
	o, to := newTestSource(t, seed, 2), newTestRepo(t)
	for range 12 {
		o.exportNightly(1)
		to.store.FailAfter(o.rng.IntN(10))
		if _, err := replicate.Copy(t.Context(), o.repo, to.repo, replicate.Options{}); err == nil {
			o.checkCopy(to)
		}
		to.store.FailAfter(-1)
		to.verify()
	}
	o.copyTo(to)
	o.checkCopy(to)
}
