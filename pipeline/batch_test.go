package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestExportsStop: when no item comes for half an hour, the run ends, says why, and commits what
// came before.
func TestExportsStop(t *testing.T) {
	inDefaultDelayBubble(t, simulator.Options{Seed: 43, Items: 2000, Folders: 80, ItemSize: 3100}, func(t *testing.T, fx *fixture) {
		fx.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Skip: 10, Times: -1, ItemCode: "ErrorServerBusy"})
		began := time.Now()
		rep, err := pipeline.Run(t.Context(), fx.job(), pipeline.Options{})
		if err == nil || !strings.Contains(err.Error(), "no item could be exported for 30m") || !strings.Contains(err.Error(), "ErrorServerBusy") {
			t.Errorf("error is %v", err)
		}
		if rep == nil || rep.State != manifest.StatePartial || rep.Exported != 200 || rep.Failed != 0 || rep.Pending == 0 || len(rep.Failures) == 0 || rep.Run.Check() != nil {
			t.Errorf("report is %+v", rep)
		}
		if took := time.Since(began); took > 40*time.Minute {
			t.Errorf("took %v", took)
		}
	})
}
