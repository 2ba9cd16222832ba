package pipeline

import "github.com/mailhaul/mailhaul/pipeline/internal/stage"

// A Stage is what the workers of a stage did. Times are seconds, summed over the workers. Busy,
// Starved, Blocked and Throttled add up to the time that the workers existed. Where runs share a
// pool, Busy includes the wait for a shared resource.
type Stage struct {
	Name      string   `json:"name"`
	Workers   int      `json:"workers"`
	Busy      float64  `json:"busy"`
	Waiting   float64  `json:"waiting"`   // of Busy: for an answer of Graph or the bucket
	Throttled float64  `json:"throttled"` // held back by Graph's limits
	Starved   float64  `json:"starved"`   // waiting for input
	Blocked   float64  `json:"blocked"`   // waiting for the next stage, or for room
	Count     int64    `json:"count"`     // requests, batches, chunks, frames, packs or rows
	Bytes     int64    `json:"bytes"`     // of FastTransfer streams; of packs from pack on
	Latency   *Latency `json:"latency,omitempty"`
	FirstByte *Latency `json:"firstByte,omitempty"` // until an answer of Graph begins
}

// A Latency describes the durations of single requests, in seconds, as percentiles that are
// accurate to an eighth. An export ends with its last byte; its duration includes the time that
// the pipeline took for the bytes before.
type Latency struct {
	P50 float64 `json:"p50"`
	P90 float64 `json:"p90"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// The names of the stages.
const (
	stageEnumerate = "enumerate"
	stageBatch     = "batch"
	stageExport    = "export"
	stageDigest    = "digest"
	stageCompress  = "compress"
	stagePack      = "pack"
	stageUpload    = "upload"
	stageRecord    = "record"
)

// stages returns what clocks counted, in the order of the data. Stages without workers are in it.
func stages(c *stage.Clocks) []Stage {
	return []Stage{
		stageOf(stageEnumerate, &c.Enumerate),
		stageOf(stageBatch, &c.Batch),
		stageOf(stageExport, &c.Export),
		digestStage(&c.Export),
		stageOf(stageCompress, &c.Compress),
		stageOf(stagePack, &c.Pack),
		stageOf(stageUpload, &c.Upload),
		stageOf(stageRecord, &c.Record),
	}
}

func stageOf(name string, c *stage.Clock) Stage {
	s := Stage{
		Name: name, Workers: c.Workers(),
		Busy:    c.Seconds(stage.Busy) + c.Seconds(stage.Waiting),
		Waiting: c.Seconds(stage.Waiting), Throttled: c.Seconds(stage.Throttled),
		Starved: c.Seconds(stage.Starved), Blocked: c.Seconds(stage.Blocked),
		Latency: (*Latency)(c.Latency()), FirstByte: (*Latency)(c.FirstByte()),
	}
	s.Count, s.Bytes = c.Work()
	return s
}

// digestStage describes the part of the exporters' work that computes digests.
func digestStage(exporters *stage.Clock) Stage {
	s := Stage{Name: stageDigest, Workers: exporters.Workers(), Busy: exporters.Seconds(stage.Digesting)}
	s.Count, s.Bytes = exporters.Digests()
	return s
}

// lifetime returns the time that the stage's workers existed, in seconds.
func (s *Stage) lifetime() float64 { return s.Busy + s.Throttled + s.Starved + s.Blocked }

// Share returns a part of the stage's time, in seconds, as a share of its whole time.
func (s *Stage) Share(part float64) float64 {
	if all := s.lifetime(); all > 0 {
		return part / all
	}
	return 0
}

// shareOf returns a part of the workers' time as a share of the time that they would have had
// during a run of the given seconds.
func (s *Stage) shareOf(part, seconds float64) float64 {
	if s.Workers == 0 || seconds <= 0 {
		return 0
	}
	return part / float64(s.Workers) / seconds
}
