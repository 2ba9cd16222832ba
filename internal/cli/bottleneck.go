package cli

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/mailhaul/mailhaul/pipeline"
)

// bottleneckLine returns a line that names the bottleneck of an export, and the figures that show
// it.
func bottleneckLine(bottleneck string, stages []pipeline.Stage) string {
	byName := map[string]pipeline.Stage{}
	for _, s := range stages {
		byName[s.Name] = s
	}
	export := byName["export"]
	client := export // the stage that waits for Graph
	if export.Count == 0 || export.Share(export.Starved) > 0.5 {
		client = byName["enumerate"]
	}
	why := ""
	switch s := byName[bottleneck]; bottleneck {
	case "throttling":
		why = fmt.Sprintf("%s throttled %s", client.Name, percent(client.Share(client.Throttled)))
	case "graph":
		why = fmt.Sprintf("%s waiting %s", client.Name, percent(client.Share(client.Waiting)))
	case "cpu":
		why = fmt.Sprintf("all %d cores in use: %s", runtime.GOMAXPROCS(0), computingShares(stages))
	case "enumerate":
		why = fmt.Sprintf("busy %s, export starved %s", percent(s.Share(s.Busy)), percent(export.Share(export.Starved)))
	default:
		why = fmt.Sprintf("busy %s, export blocked %s", percent(s.Share(s.Busy)), percent(export.Share(export.Blocked)))
	}
	return fmt.Sprintf("bottleneck: %s (%s)", bottleneck, why)
}

// computingShares returns the stages that take at least 5 % of all computing time.
func computingShares(stages []pipeline.Stage) string {
	all := 0.0
	for _, s := range stages {
		all += s.Busy - s.Waiting
	}
	var parts []string
	for _, s := range stages {
		if share := (s.Busy - s.Waiting) / all; share >= 0.05 {
			parts = append(parts, s.Name+" "+percent(share))
		}
	}
	return strings.Join(parts, ", ")
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }
