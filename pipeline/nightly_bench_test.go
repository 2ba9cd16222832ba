package pipeline_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// BenchmarkNightly measures runs over a mailbox of 100,000 items in 200 folders that is held
// already. It also reports requests and written objects.
func BenchmarkNightly(b *testing.B) {
	for _, bench := range []struct {
		name    string
		changes int
	}{{"unchanged", 0}, {"1% changed", 1000}} {
		b.Run(bench.name, func(b *testing.B) {
			fx := newFixture(b, simulator.Options{Seed: 1, Items: 100_000, Folders: 200, ItemSize: 3000})
			if _, err := pipeline.Run(b.Context(), fx.job(), pipeline.Options{NoProperties: true}); err != nil {
				b.Fatal(err)
			}
			var requests, objects int64
			for b.Loop() {
				b.StopTimer()
				fx.spread(bench.changes)
				before := fx.objects("")
				b.StartTimer()
				for _, n := range fx.requests(func() { fx.run(pipeline.Options{}) }) {
					requests += n
				}
				objects += int64(fx.objects("") - before)
			}
			b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
			b.ReportMetric(float64(objects)/float64(b.N), "objects/op")
		})
	}
}

// spread changes n items that are spread over the mailbox.
func (fx *fixture) spread(n int) {
	if n == 0 {
		return
	}
	ids := fx.itemIDs()
	for i := range n {
		fx.touch(ids[i*len(ids)/n])
	}
}
