package pipeline

import (
	"runtime"
	"slices"
)

// Bottlenecks that are not stages.
const (
	limitThrottling = "throttling" // Graph's limits hold requests back
	limitGraph      = "graph"      // Graph's answers, or the network to it
	limitCPU        = "cpu"        // all cores are in use
)

// cpuIsFull is the share of the cores from which on the stages count as using all of them. Work
// that waits for a core counts as well, so the share may exceed 1.
const cpuIsFull = 0.9

// Bottleneck returns what limited runs that took the given seconds: a stage, "throttling", "graph"
// or "cpu"; "" if the stages did nothing.
//
// The exporters are in the middle of the pipeline. If they are starved, enumerate is the slowest
// stage. Otherwise the stage that was busy for the greatest share of the time is the slowest: the
// stages before it are blocked, and those behind it are starved. If the slowest stage talks to
// Graph, its time decides: "throttling" if it was mostly held back, "graph" if it mostly waited
// for answers. If the slowest stage computes, and all stages together had work for all cores, the
// bottleneck is "cpu".
func Bottleneck(stages []Stage, seconds float64) string {
	return bottleneck(stages, seconds, cpuLoad(stages, seconds))
}

// bottleneck returns the bottleneck, given the CPU load of all runs of the process.
func bottleneck(stages []Stage, seconds, cpu float64) string {
	s := slowest(stages, seconds)
	work := s.Busy - s.Waiting
	switch {
	case s.lifetime() == 0:
		return ""
	case s.Throttled > max(s.Waiting, work):
		return limitThrottling
	case s.Waiting > work && s.Name != stageUpload && s.Name != stageRecord:
		return limitGraph
	case s.Waiting <= work && cpu >= cpuIsFull:
		return limitCPU
	}
	return s.Name
}

// slowest returns the stage that the others wait for.
func slowest(stages []Stage, seconds float64) Stage {
	export, batch := stageNamed(stages, stageExport), stageNamed(stages, stageBatch)
	// While batch pauses before it requests deferred items again, exporters are starved, too.
	name := stageEnumerate
	most := export.shareOf(export.Starved, seconds) - batch.shareOf(batch.Throttled, seconds)
	if export.Count == 0 {
		most = 1
	}
	for _, other := range []string{stageBatch, stageExport, stageCompress, stagePack, stageUpload, stageRecord} {
		s := stageNamed(stages, other)
		if load := s.shareOf(s.Busy+s.Throttled, seconds); load > most {
			most, name = load, other
		}
	}
	return stageNamed(stages, name)
}

// cpuLoad returns the share of this process's cores that the stages had work for. It exceeds 1
// where work waited for a core.
func cpuLoad(stages []Stage, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return computing(stages) / seconds / float64(runtime.GOMAXPROCS(0))
}

// computing returns the seconds in which the stages worked and did not wait.
func computing(stages []Stage) float64 {
	sum := 0.0
	for _, s := range stages {
		sum += s.Busy - s.Waiting
	}
	return sum
}

func stageNamed(stages []Stage, name string) Stage {
	i := slices.IndexFunc(stages, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return Stage{Name: name}
	}
	return stages[i]
}
