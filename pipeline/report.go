package pipeline

import (
	"runtime"
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

// count counts an item by its outcome.
func (p *Progress) count(o outcome) {
	switch o {
	case itemExported:
		p.Exported.Add(1)
	case itemFailed, itemStale, itemGaveUp:
		p.Failed.Add(1)
	case itemGone:
		p.Gone.Add(1)
	}
}

// A Report is the result of a run. Listed is the sum of Exported, Skipped, Failed, Gone, LeftOut
// and Pending.
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
	Retries   int64   `json:"retries"`   // of the requests, those that repeat one that failed for a retryable reason
	Throttled int64   `json:"throttled"` // of the requests, those that Graph answered with 429 or 503
	Budget    Budget  `json:"budget"`

	Stages     []Stage `json:"stages"`     // in the order of the data
	Bottleneck string  `json:"bottleneck"` // what limited the run: see Bottleneck

	Through  bool             `json:"through"`  // the run came to its end
	Coverage snapshots.Counts `json:"coverage"` // what is held now, of the selected folders
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

// Whole reports whether the run came to its end and exported everything that Graph counts, except
// for acknowledged gaps.
func (r *Report) Whole() bool { return r.Through && r.Open() == 0 }

// report describes the run up to its last commit; nil if there was none.
func (r *run) report() *Report {
	last, digest := r.ledger.committedSnapshot()
	if last == nil {
		return nil
	}
	stats := r.job.Source.Stats()
	p := r.opts.Progress
	coverage := snapshots.CoverageOf(last)
	stages, seconds := stages(r.clocks), time.Since(r.started).Seconds()
	return &Report{
		Mailbox: r.job.Mailbox.ID, User: r.job.Mailbox.User,
		Snapshot: last.Sequence, Manifest: digest, State: last.State, Through: coverage.Through, Selection: last.Selection,
		Run:      last.Run,
		Bytes:    Bytes{Raw: r.ledger.exportedBytes(), Stored: p.Stored.Load()},
		Packs:    p.Packs.Load(),
		Seconds:  seconds,
		Requests: stats.Requests, Retries: stats.Retries, Throttled: stats.Throttled,
		Budget: Budget{stats.Budget.Used, stats.Budget.Allowed},
		Stages: stages, Bottleneck: bottleneck(stages, seconds, r.cpuLoad(seconds)),
		Coverage: coverage.Counts, Gaps: coverage.Gaps,
	}
}

// cpuLoad returns the share of the cores that this run, and those at the same time, had work for.
func (r *run) cpuLoad(seconds float64) float64 {
	return (computing(r.opts.Pool.Stages()) - r.computed) / seconds / float64(runtime.GOMAXPROCS(0))
}
