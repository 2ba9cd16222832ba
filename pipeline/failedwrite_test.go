package pipeline_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestOneFailedWrite: whichever single write fails, the run ends with its error, what is committed
// is whole, and the next run exports the rest.
func TestOneFailedWrite(t *testing.T) {
	w := newWorld(t, simulator.Options{Seed: 31, Items: 60, MaxItemSize: 100 << 10})
	opts := pipeline.Options{CheckpointBytes: 300 << 10}
	for _, prefix := range []string{"packs/", "manifests/", "refs/"} {
		for n := 0; ; n++ {
			store := memstore.New()
			w.repo = newRepository(t, store.Open())
			seen := store.FailOne(prefix, n)
			_, err := pipeline.Run(t.Context(), w.job(), opts)
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
			w.verify()
			w.run(opts)
			w.checkEqual()
			w.verify()
		}
	}
}
