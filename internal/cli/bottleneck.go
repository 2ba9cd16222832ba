package cli

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/mailhaul/mailhaul/pipeline"
)

// bottleneckLine tells what stages were limited by, and what shows it.
func bottleneckLine(bottleneck string, stages []pipeline.Stage) string {
	of := map[string]pipeline.Stage{}
	for _, s := range stages {
		of[s.Name] = s
	}
	export := of["export"]
	asker := export // who waits for Graph
	if export.Count == 0 || export.Share(export.Starved) > 0.5 {
		asker = of["enumerate"]
	}
	why := ""
	switch s := of[bottleneck]; bottleneck {
	case "throttling":
		why = fmt.Sprintf("%s held back %s", asker.Name, percent(asker.Share(asker.Throttled)))
	case "graph":
		why = fmt.Sprintf("%s waits for it %s", asker.Name, percent(asker.Share(asker.Waiting)))
	case "cpu":
		why = fmt.Sprintf("all %d cores in use: %s", runtime.GOMAXPROCS(0), consumers(stages))
	case "enumerate":
		why = fmt.Sprintf("busy %s, export starved %s", percent(s.Share(s.Busy)), percent(export.Share(export.Starved)))
	default:
		why = fmt.Sprintf("busy %s, export blocked %s", percent(s.Share(s.Busy)), percent(export.Share(export.Blocked)))
	}
	return fmt.Sprintf("bottleneck: %s (%s)", bottleneck, why)
}

// consumers tells the shares of the stages' computing time.
func consumers(stages []pipeline.Stage) string {
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
