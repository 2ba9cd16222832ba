package cli

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/mailhaul/mailhaul/pipeline"
)

// TestBottleneckLine checks the figures of each bottleneck, and the stage that they are of.
func TestBottleneckLine(t *testing.T) {
	cores := runtime.GOMAXPROCS(0)
	listing := pipeline.Stage{Name: "enumerate", Busy: 20, Waiting: 18, Throttled: 20}
	for want, stages := range map[string][]pipeline.Stage{
		"upload (busy 96 %, export blocked 61 %)": {
			listing, {Name: "export", Count: 1, Busy: 15.6, Blocked: 24.4}, {Name: "upload", Busy: 19.2, Waiting: 19.2, Starved: 0.8}},
		"graph (export waiting 80 %)": {
			listing, {Name: "export", Count: 1, Busy: 38, Waiting: 32, Starved: 2}},
		"graph (enumerate waiting 45 %)": {
			listing, {Name: "export", Count: 1, Busy: 2, Waiting: 2, Starved: 38}},
		"throttling (export throttled 75 %)": {
			listing, {Name: "export", Count: 1, Throttled: 30, Busy: 10, Waiting: 10}},
		"throttling (enumerate throttled 50 %)": {
			listing, {Name: "export", Starved: 40}},
		"enumerate (busy 50 %, export starved 90 %)": {
			listing, {Name: "export", Count: 1, Busy: 4, Starved: 36}},
		fmt.Sprintf("cpu (all %d cores in use: export 18 %%, compress 80 %%)", cores): {
			{Name: "enumerate", Busy: 0.2 * float64(cores)}, {Name: "export", Count: 1, Busy: 2.8 * float64(cores), Waiting: 0.8 * float64(cores)},
			{Name: "compress", Busy: 8.8 * float64(cores)}},
	} {
		var name string
		fmt.Sscan(want, &name)
		if got := bottleneckLine(name, stages); got != "bottleneck: "+want {
			t.Errorf("got  %s\nwant bottleneck: %s", got, want)
		}
	}
}
