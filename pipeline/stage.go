package pipeline

import "time"

// A Stage is what the workers of a stage did. Their times are seconds, summed over
// them, and add up to the time that they were there: Busy, Starved, Blocked and
// Throttled. Where runs share a pool, Busy has the wait for a turn in it.
type Stage struct {
	Name      string   `json:"name"`
	Workers   int      `json:"workers"`
	Busy      float64  `json:"busy"`
	Waiting   float64  `json:"waiting"`   // of Busy: for an answer of Graph or the bucket
	Throttled float64  `json:"throttled"` // held back by Graph's limits
	Starved   float64  `json:"starved"`   // waiting for input
	Blocked   float64  `json:"blocked"`   // waiting for the next stage to take, or for room
	Count     int64    `json:"count"`     // requests, batches, chunks, frames, packs or rows
	Bytes     int64    `json:"bytes"`     // of FastTransfer streams, of packs from pack on
	Latency   *Latency `json:"latency,omitempty"`
	FirstByte *Latency `json:"firstByte,omitempty"` // until an answer of Graph begins
}

// A Latency tells how long single requests took, in seconds, as percentiles that are
// right to an eighth. An export's ends with its last byte, and has in it the time
// that the pipeline took for what came before.
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

// Clocks are those of a run's stages, or a pool's.
type clocks struct {
	enumerate, batch, export, compress, pack, upload, record clock
}

// newClocks returns clocks that count for those of the pool too, if it is not nil.
func newClocks(pool *clocks) *clocks {
	c := &clocks{}
	names := []string{stageEnumerate, stageBatch, stageExport, stageCompress, stagePack, stageUpload, stageRecord}
	for i, clock := range c.all() {
		clock.name = names[i]
		if pool != nil {
			clock.pool = pool.all()[i]
		}
	}
	return c
}

// all returns the clocks in the order of the data's way.
func (c *clocks) all() []*clock {
	return []*clock{&c.enumerate, &c.batch, &c.export, &c.compress, &c.pack, &c.upload, &c.record}
}

// stages sums the clocks up. Those that have no workers yet are there too.
func (c *clocks) stages() []Stage {
	var stages []Stage
	for _, clock := range c.all() {
		stages = append(stages, clock.stage())
		if clock == &c.export {
			stages = append(stages, clock.digestStage())
		}
	}
	return stages
}

func (c *clock) seconds(a activity) float64 { return time.Duration(c.spent[a].Load()).Seconds() }

func (c *clock) stage() Stage {
	return Stage{
		Name: c.name, Workers: int(c.workers.Load()),
		Busy: c.seconds(busy) + c.seconds(waiting), Waiting: c.seconds(waiting), Throttled: c.seconds(throttled),
		Starved: c.seconds(starved), Blocked: c.seconds(blocked),
		Count: c.count.Load(), Bytes: c.bytes.Load(), Latency: c.latency.latency(), FirstByte: c.firstByte.latency(),
	}
}

// digestStage is the part of the exporters that makes digests.
func (c *clock) digestStage() Stage {
	return Stage{
		Name: stageDigest, Workers: int(c.workers.Load()), Busy: c.seconds(digesting),
		Count: c.digests.Load(), Bytes: c.digested.Load(),
	}
}
