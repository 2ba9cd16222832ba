package pipeline

import (
	"cmp"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// Progress counts what a run has done so far. All of it may be read at any time.
type Progress struct {
	Expected atomic.Int64 // items, by Graph's own counts
	Listed   atomic.Int64
	Exported atomic.Int64 // rows whose bytes are durable
	Skipped  atomic.Int64
	Failed   atomic.Int64
	Gone     atomic.Int64
	LeftOut  atomic.Int64
	Arrived  atomic.Int64 // bytes that came from Graph, decoded
	Stored   atomic.Int64 // bytes of durable packs
	Packs    atomic.Int64
}

// A Report is what came of a run. Listed is the sum of Exported, Skipped,
// Failed, Gone, LeftOut and Pending.
type Report struct {
	Mailbox   string              `json:"mailbox"`
	User      string              `json:"user,omitempty"`
	Snapshot  uint64              `json:"snapshot"` // 0: nothing was committed
	Manifest  manifest.Digest     `json:"manifest,omitzero"`
	State     manifest.State      `json:"state,omitempty"`
	Selection *manifest.Selection `json:"selection,omitempty"`

	manifest.Run

	Bytes     Bytes   `json:"bytes"`
	Packs     int64   `json:"packs"` // written by this run
	Seconds   float64 `json:"seconds"`
	Requests  int64   `json:"requests"`
	Retries   int64   `json:"retries"`   // of the requests, those that repeat one that failed for a while
	Throttled int64   `json:"throttled"` // of the requests, those that Graph answered with 429 or 503
	Budget    Budget  `json:"budget"`

	Stages     []Stage `json:"stages"`     // in the order of the data's way
	Bottleneck string  `json:"bottleneck"` // what the run was limited by: see Bottleneck

	Through  bool             `json:"through"`  // the run came to its end
	Coverage snapshots.Counts `json:"coverage"` // what is held by now, of the folders that are selected
	snapshots.Gaps
}

// Bytes counts what a run exported and what it stored for it.
type Bytes struct {
	Raw    int64 `json:"raw"`    // FastTransfer bytes of the exported items
	Stored int64 `json:"stored"` // packs
}

// A Budget is what Graph allows for a mailbox in ten minutes, and what is used of it.
type Budget struct {
	Used    int `json:"used"` // requests in the ten minutes before the run's end
	Allowed int `json:"allowed"`
}

// Whole reports whether the run came to its end and got everything that Graph says there is, but
// for what is acknowledged.
func (r *Report) Whole() bool { return r.Through && r.Open() == 0 }

// report tells of the run up to its last commit; nil if there was none.
func (r *run) report() *Report {
	if r.lastDigest == r.parentDigest() {
		return nil
	}
	stats := r.job.Source.Stats()
	p := r.opts.Progress
	coverage := snapshots.CoverageOf(r.last)
	stages, seconds := r.clocks.stages(), time.Since(r.started).Seconds()
	return &Report{
		Mailbox: r.job.Mailbox.ID, User: r.job.Mailbox.User,
		Snapshot: r.last.Sequence, Manifest: r.lastDigest, State: r.last.State, Through: coverage.Through, Selection: r.last.Selection,
		Run:      r.last.Run,
		Bytes:    Bytes{Raw: r.record.raw, Stored: p.Stored.Load()},
		Packs:    p.Packs.Load(),
		Seconds:  seconds,
		Requests: stats.Requests, Retries: stats.Retries, Throttled: stats.Throttled,
		Budget: Budget{stats.Budget.Used, stats.Budget.Allowed},
		Stages: stages, Bottleneck: bottleneck(stages, seconds, r.cpuLoad(seconds)),
		Coverage: coverage.Counts, Gaps: coverage.Gaps,
	}
}

// cpuLoad returns which share of the cores this run and those beside it had work for.
func (r *run) cpuLoad(seconds float64) float64 {
	return (computing(r.pool.Stages()) - r.computedBefore) / seconds / float64(runtime.GOMAXPROCS(0))
}

// counts returns the run's account. What was listed and met no end is pending.
func (r *run) counts() manifest.Run {
	p := r.opts.Progress
	c := manifest.Run{
		Exported: p.Exported.Load(), Skipped: p.Skipped.Load(), Failed: p.Failed.Load(), Gone: p.Gone.Load(),
		LeftOut: p.LeftOut.Load(), Removed: r.record.removed,
	}
	c.Listed = p.Listed.Load() // last: what ended was listed before
	c.Pending = c.Listed - c.Exported - c.Skipped - c.Failed - c.Gone - c.LeftOut
	return c
}

func sortFailures(failures []manifest.Failure) {
	slices.SortFunc(failures, func(a, b manifest.Failure) int {
		return cmp.Or(cmp.Compare(a.Folder, b.Folder), cmp.Compare(a.ID, b.ID))
	})
}
