// Package stage runs the workers of the pipeline's stages and measures what they do with their
// time.
package stage

import (
	"sync/atomic"
	"time"
)

// An Activity is what a worker does.
type Activity int

const (
	Starved   Activity = iota // waits for input
	Busy                      // works
	Digesting                 // computes digests
	Waiting                   // waits for an answer of Graph or the bucket
	Throttled                 // is held back by Graph's limits
	Blocked                   // waits for the next stage, or for room
	activities
)

// A Clock counts what the workers of one stage do with their time, and how much they did. It is
// safe for concurrent use.
type Clock struct {
	total    *Clock       // counts for all runs; nil: this clock does
	employed atomic.Int64 // workers now
	workers  atomic.Int64 // most workers at a time

	spent     [activities]atomic.Int64 // nanoseconds
	count     atomic.Int64
	bytes     atomic.Int64
	digests   atomic.Int64
	digested  atomic.Int64 // bytes
	latency   histogram
	firstByte histogram
}

// Clocks has a clock for each stage.
type Clocks struct {
	Enumerate, Batch, Export, Compress, Pack, Upload, Record Clock
}

// NewClocks returns clocks that also count for those of total, if it is not nil.
func NewClocks(total *Clocks) *Clocks {
	c := &Clocks{}
	if total != nil {
		totals := total.all()
		for i, clock := range c.all() {
			clock.total = totals[i]
		}
	}
	return c
}

func (c *Clocks) all() []*Clock {
	return []*Clock{&c.Enumerate, &c.Batch, &c.Export, &c.Compress, &c.Pack, &c.Upload, &c.Record}
}

// Seconds returns the time that all workers spent on an activity.
func (c *Clock) Seconds(a Activity) float64 { return time.Duration(c.spent[a].Load()).Seconds() }

// Workers returns the most workers that the stage had at a time.
func (c *Clock) Workers() int { return int(c.workers.Load()) }

// Work returns the units of work that were done, and their bytes.
func (c *Clock) Work() (count, bytes int64) { return c.count.Load(), c.bytes.Load() }

// Digests returns the chunks whose digests were computed, and their bytes.
func (c *Clock) Digests() (count, bytes int64) { return c.digests.Load(), c.digested.Load() }

// Latency returns the percentiles of the durations of units; nil if there are none.
func (c *Clock) Latency() *Percentiles { return c.latency.percentiles() }

// FirstByte returns the percentiles of the times until answers began; nil if there are none.
func (c *Clock) FirstByte() *Percentiles { return c.firstByte.percentiles() }

// Employ adds n to the stage's workers; n may be negative.
func (c *Clock) Employ(n int) {
	for ; c != nil; c = c.total {
		now := c.employed.Add(int64(n))
		for most := c.workers.Load(); now > most && !c.workers.CompareAndSwap(most, now); most = c.workers.Load() {
		}
	}
}
