package pipeline_test

import (
	"testing"

	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// BenchmarkNightly measures runs over a mailbox of 100,000 items in 200 folders that is
// held already: requests and objects written are reported beside the time.
func BenchmarkNightly(b *testing.B) {
	for _, bench := range []struct {
		name    string
		changes int
	}{{"unchanged", 0}, {"1% changed", 1000}} {
		b.Run(bench.name, func(b *testing.B) {
			w := newWorld(b, simulator.Options{Seed: 1, Items: 100_000, Folders: 200, ItemSize: 3000})
			if _, err := pipeline.Run(b.Context(), w.job(), pipeline.Options{NoProperties: true}); err != nil {
				b.Fatal(err)
			}
			var requests, objects int64
			for b.Loop() {
				b.StopTimer()
				w.spread(bench.changes)
				before := w.objects("")
				b.StartTimer()
				for _, n := range w.requests(func() { w.run(pipeline.Options{}) }) {
					requests += n
				}
				objects += int64(w.objects("") - before)
			}
			b.ReportMetric(float64(requests)/float64(b.N), "requests/op")
			b.ReportMetric(float64(objects)/float64(b.N), "objects/op")
		})
	}
}

// spread changes n items all over the mailbox.
func (w *world) spread(n int) {
	if n == 0 {
		return
	}
	ids := w.itemIDs()
	for i := range n {
		w.touch(ids[i*len(ids)/n])
	}
}
