package pipeline

import (
	"runtime"
	"slices"
)

// What a bottleneck may be beside a stage.
const (
	limitThrottling = "throttling" // Graph's limits hold requests back
	limitGraph      = "graph"      // Graph's answers, or the network to it
	limitCPU        = "cpu"        // all cores are in use
)

// cpuIsFull is from which share of the cores on the stages want all of them. What
// waits for a core counts as if it had it, so that the sum may exceed 1.
const cpuIsFull = 0.9

// Bottleneck names what stages of runs that took so many seconds were limited by: a
// stage, "throttling", "graph" or "cpu"; nothing if they did nothing.
//
// Export stands in the middle, so its workers show where to look: those that are
// starved wait for enumerate. Otherwise the stage that was busy for most of the time is
// the one that the others wait for, those before it blocked and those behind it starved.
// Where that is enumerate or export, most of its time decides: "throttling" if it was
// held back, "graph" if it waited for answers. If a stage is left that computes, and all
// stages together had work for the cores that there are, it is "cpu".
func Bottleneck(stages []Stage, seconds float64) string {
	return bottleneck(stages, seconds, cpuLoad(stages, seconds))
}

// bottleneck is Bottleneck where the stages of all that runs had work for a share of the
// cores.
func bottleneck(stages []Stage, seconds, cpu float64) string {
	export, batch := stageOf(stages, stageExport), stageOf(stages, stageBatch)
	// Exporters starve also while batch waits until it may ask again for what was set aside.
	most, at := export.of(export.Starved, seconds)-batch.of(batch.Throttled, seconds), stageEnumerate
	if export.Count == 0 {
		most = 1
	}
	for _, name := range []string{stageBatch, stageExport, stageCompress, stagePack, stageUpload, stageRecord} {
		s := stageOf(stages, name)
		if load := s.of(s.Busy+s.Throttled, seconds); load > most {
			most, at = load, name
		}
	}
	s := stageOf(stages, at)
	work := s.Busy - s.Waiting
	switch {
	case s.lifetime() == 0:
		return ""
	case s.Throttled > max(s.Waiting, work):
		return limitThrottling
	case s.Waiting > work && at != stageUpload && at != stageRecord:
		return limitGraph
	case s.Waiting <= work && cpu >= cpuIsFull:
		return limitCPU
	}
	return at
}

// cpuLoad returns which share of this process's cores the stages had work for. It
// exceeds 1 where work waited for a core.
func cpuLoad(stages []Stage, seconds float64) float64 {
	if seconds <= 0 {
		return 0
	}
	return computing(stages) / seconds / float64(runtime.GOMAXPROCS(0))
}

// computing returns the time that stages worked and did not wait, in seconds.
func computing(stages []Stage) float64 {
	sum := 0.0
	for _, s := range stages {
		sum += s.Busy - s.Waiting
	}
	return sum
}

func stageOf(stages []Stage, name string) Stage {
	i := slices.IndexFunc(stages, func(s Stage) bool { return s.Name == name })
	if i < 0 {
		return Stage{Name: name}
	}
	return stages[i]
}

// of returns a part of the workers' time as a share of what they would have had in so
// many seconds.
func (s *Stage) of(part, seconds float64) float64 {
	if s.Workers == 0 || seconds <= 0 {
		return 0
	}
	return part / float64(s.Workers) / seconds
}

// lifetime is the time that the stage's workers were there, in seconds.
func (s *Stage) lifetime() float64 { return s.Busy + s.Throttled + s.Starved + s.Blocked }

// Share returns a part of the stage's time, in seconds, as a share of all of it.
func (s *Stage) Share(part float64) float64 {
	if all := s.lifetime(); all > 0 {
		return part / all
	}
	return 0
}
