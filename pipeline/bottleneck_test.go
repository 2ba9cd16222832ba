package pipeline_test

import (
	"math"
	"runtime"
	"testing"

	"github.com/mailhaul/mailhaul/pipeline"
)

// TestBottleneck holds the rule over what stages of ten seconds did.
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
			t.Errorf("%s: it is %q, want %q", name, got, tt.want)
		}
	}
}
