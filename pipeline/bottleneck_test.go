package pipeline_test

import (
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestBottleneck checks the rule on the times of stages in ten seconds.
func TestBottleneck(t *testing.T) {
	cores := float64(runtime.GOMAXPROCS(0))
	stage := func(name string, s pipeline.Stage) pipeline.Stage {
		s.Name, s.Workers = name, int(math.Ceil((s.Busy+s.Throttled+s.Starved+s.Blocked-0.5)/10))
		return s
	}
	export := func(s pipeline.Stage) pipeline.Stage { s.Count = 1; return stage("export", s) }
	listing := stage("enumerate", pipeline.Stage{Busy: 30, Waiting: 25, Blocked: 10})
	for name, tt := range map[string]struct {
		stages []pipeline.Stage
		want   string
	}{
		"nothing": {nil, ""},
		"nothing to export": {[]pipeline.Stage{
			stage("enumerate", pipeline.Stage{Busy: 9, Waiting: 8}), stage("export", pipeline.Stage{Starved: 40}),
			stage("record", pipeline.Stage{Busy: 1, Starved: 9})}, "graph"},
		"a listing that is throttled": {[]pipeline.Stage{
			stage("enumerate", pipeline.Stage{Busy: 2, Waiting: 1, Throttled: 38}), export(pipeline.Stage{Starved: 39, Busy: 1, Waiting: 1})}, "throttling"},
		"a listing that computes": {[]pipeline.Stage{
			stage("enumerate", pipeline.Stage{Busy: 9, Waiting: 1}), export(pipeline.Stage{Starved: 39, Busy: 1})}, "enumerate"},
		"Graph's answers": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 38, Waiting: 35, Starved: 2}), stage("upload", pipeline.Stage{Busy: 5, Waiting: 5, Starved: 15})}, "graph"},
		"exports that are throttled": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 15, Waiting: 10, Throttled: 25}), stage("upload", pipeline.Stage{Busy: 9, Waiting: 9, Starved: 11})}, "throttling"},
		"a slow store": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 15, Waiting: 12, Blocked: 25}), stage("compress", pipeline.Stage{Busy: 2, Blocked: 17, Starved: 1}),
			stage("pack", pipeline.Stage{Busy: 1, Blocked: 9}), stage("upload", pipeline.Stage{Busy: 19.2, Waiting: 19.2, Starved: 0.8})}, "upload"},
		"a slow store while segments are stored": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 15, Blocked: 25}), stage("upload", pipeline.Stage{Busy: 10, Waiting: 10, Blocked: 10}),
			stage("record", pipeline.Stage{Busy: 9, Waiting: 8, Starved: 1})}, "record"},
		"all cores": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 4 * cores, Waiting: cores, Blocked: 5 * cores}), stage("compress", pipeline.Stage{Busy: 9 * cores, Starved: cores})}, "cpu"},
		"one stage, and cores to spare": {[]pipeline.Stage{
			listing, export(pipeline.Stage{Busy: 8, Waiting: 7, Blocked: 32}), stage("pack", pipeline.Stage{Busy: 5, Waiting: 2.2, Blocked: 5})}, "pack"},
		"a store that takes long when Graph is through": {[]pipeline.Stage{
			stage("enumerate", pipeline.Stage{Busy: 2, Waiting: 2}), {Name: "export", Workers: 4, Count: 1, Busy: 4, Waiting: 4},
			stage("upload", pipeline.Stage{Busy: 18, Waiting: 18, Starved: 2})}, "upload"},
	} {
		if got := pipeline.Bottleneck(tt.stages, 10); got != tt.want {
			t.Errorf("%s: the bottleneck is %q, want %q", name, got, tt.want)
		}
	}
}

// TestReportedBottleneck slows one stage down and expects it as bottleneck. Time stands still while
// anything works, so nothing else takes time.
func TestReportedBottleneck(t *testing.T) {
	for want, fault := range map[string]simulator.Fault{
		"graph":      {Operation: simulator.OpExport, Times: -1, Delay: 250 * time.Millisecond},
		"throttling": {Operation: simulator.OpExport, Times: 3, Status: 429, RetryAfter: "1"},
	} {
		t.Run(want, func(t *testing.T) {
			inBubble(t, simulator.Options{Seed: 24, Items: 150}, func(fx *fixture) {
				fx.sim.Inject(fault)
				checkStages(fx.t, fx.run(pipeline.Options{Pool: newPool(t, 1, smallPack)}), want)
			})
		})
	}
	t.Run("upload", func(t *testing.T) {
		inBubble(t, simulator.Options{Seed: 24, Items: 80, ItemSize: 100 << 10}, func(fx *fixture) {
			store := memstore.New()
			store.SlowDown(time.Second)
			fx.repo = newRepository(fx.t, store.Open())
			checkStages(fx.t, fx.run(pipeline.Options{Pool: newPool(t, 1, smallPack)}), "upload")
		})
	})
}

// checkStages expects a bottleneck, and the stages' counts to be those of the report.
func checkStages(t testing.TB, rep *pipeline.Report, bottleneck string) {
	t.Helper()
	if rep.Bottleneck != bottleneck {
		t.Errorf("the bottleneck is %q, want %q, of %+v", rep.Bottleneck, bottleneck, rep.Stages)
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
		t.Errorf("%d requests were answered, but %d sent", got, rep.Requests)
	}
	if n := of["record"].Count; n != rep.Exported || of["record"].Bytes != rep.Bytes.Raw {
		t.Errorf("%d rows with %d bytes were recorded, want %d with %d", n, of["record"].Bytes, rep.Exported, rep.Bytes.Raw)
	}
	if of["digest"].Count < rep.Exported || of["compress"].Bytes > of["digest"].Bytes {
		t.Errorf("digest is %+v, compress %+v", of["digest"], of["compress"])
	}
}
