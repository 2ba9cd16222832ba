package pipeline_test

import (
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestReportedBottleneck slows one part of the way down, and finds it named. The clock stands
// still while anything works, so that nothing else takes time.
func TestReportedBottleneck(t *testing.T) {
	for want, fault := range map[string]simulator.Fault{
		"graph":      {Operation: simulator.OpExport, Times: -1, Delay: 250 * time.Millisecond},
		"throttling": {Operation: simulator.OpExport, Times: 3, Status: 429, RetryAfter: "1"},
	} {
		t.Run(want, func(t *testing.T) {
			inBubble(t, simulator.Options{Seed: 24, Items: 150}, func(w *world) {
				w.sim.Inject(fault)
				checkStages(w.t, w.run(pipeline.Options{Pool: newPool(t, 1, smallPack)}), want)
			})
		})
	}
	t.Run("upload", func(t *testing.T) {
		inBubble(t, simulator.Options{Seed: 24, Items: 80, ItemSize: 100 << 10}, func(w *world) {
			store := memstore.New()
			store.SlowDown(time.Second)
			w.repo = newRepository(w.t, store.Open())
			checkStages(w.t, w.run(pipeline.Options{Pool: newPool(t, 1, smallPack)}), "upload")
		})
	})
}

// checkStages expects a bottleneck, and the counts of stages to be those of the report.
func checkStages(t testing.TB, rep *pipeline.Report, bottleneck string) {
	t.Helper()
	if rep.Bottleneck != bottleneck {
		t.Errorf("the bottleneck is %q, not %q, of %+v", rep.Bottleneck, bottleneck, rep.Stages)
	}
	of := map[string]pipeline.Stage{}
	for _, s := range rep.Stages {
		of[s.Name] = s
		if busy := s.Busy + s.Throttled + s.Starved + s.Blocked; busy > float64(s.Workers)*rep.Seconds*1.01 || s.Waiting > s.Busy {
			t.Errorf("%+v took more than %d workers have in %f s", s, s.Workers, rep.Seconds)
		}
	}
	upload, export := of["upload"], of["export"]
	if upload.Count != rep.Packs || upload.Bytes != rep.Bytes.Stored || of["pack"].Count != rep.Packs || of["pack"].Bytes != upload.Bytes {
		t.Errorf("upload is %+v of %d packs", upload, rep.Packs)
	}
	if upload.Latency == nil || upload.Latency.Max*float64(upload.Count) < upload.Waiting/float64(upload.Workers) {
		t.Errorf("upload's latency is %+v", upload.Latency)
	}
	if export.Bytes < rep.Bytes.Raw || export.Latency == nil || export.FirstByte == nil || export.FirstByte.P50 > export.Latency.P50 {
		t.Errorf("export is %+v, %+v, %+v", export, export.Latency, export.FirstByte)
	}
	if got := of["enumerate"].Count + export.Count; got > rep.Requests {
		t.Errorf("%d requests were answered, of %d", got, rep.Requests)
	}
	if n := of["record"].Count; n != rep.Exported || of["record"].Bytes != rep.Bytes.Raw {
		t.Errorf("%d rows with %d bytes were recorded, of %d with %d", n, of["record"].Bytes, rep.Exported, rep.Bytes.Raw)
	}
	if of["digest"].Count < rep.Exported || of["compress"].Bytes > of["digest"].Bytes {
		t.Errorf("digest is %+v, compress %+v", of["digest"], of["compress"])
	}
}
