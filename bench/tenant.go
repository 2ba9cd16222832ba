package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
)

// probeName is the name of the result that [Probe] makes: no scenario has it.
const probeName = "tenant"

// ProbeOptions say which mailbox of a tenant to measure, and how.
type ProbeOptions struct {
	Source  *graph.MailboxClient // needed
	Mailbox manifest.Mailbox
	Graph   manifest.Graph

	// Bucket is where to store; [OpenNowhere] makes one that stores nothing. All goes below a new
	// prefix of its own, and is deleted. Probe closes it.
	Bucket *blob.Bucket

	// URL is what Bucket was opened by: where it keeps versions of what is deleted, they are removed too. It may be empty.
	URL string

	// Kind and Place tell what Bucket is: Place without credentials or parameters.
	Kind  Store
	Place string

	// For is how long to measure, 2 minutes by default. What is on its way then is stored first.
	For time.Duration

	// Run are the options of the export. Its Selection may choose folders.
	Run pipeline.Options

	// Plan is what to estimate.
	Plan Plan

	// Version is mailhaul's own, CommandLine what repeats the measurement, for the report.
	Version, CommandLine string
}

func (o ProbeOptions) withDefaults() ProbeOptions {
	if o.For == 0 {
		o.For = 2 * time.Minute
	}
	if o.Run.Progress == nil {
		o.Run.Progress = &pipeline.Progress{}
	}
	if o.Run.Logger == nil {
		o.Run.Logger = slog.New(slog.DiscardHandler)
	}
	// Checkpoints are for runs that are to be resumed.
	o.Run.CheckpointInterval = 1000 * time.Hour
	return o
}

// A Tenant is what the measurement of a mailbox tells beyond its one result.
type Tenant struct {
	Mailbox string `json:"mailbox"` // its id
	User    string `json:"user,omitempty"`
	Place   string `json:"place"` // where it stored; empty: nowhere

	Wanted float64 `json:"wanted"` // seconds
	Ended  Ending  `json:"ended"`

	Throttled  float64         `json:"throttled"` // seconds that workers were held back, summed over them
	Budget     pipeline.Budget `json:"budget"`
	Expansion  float64         `json:"expansion,omitempty"` // bytes of streams divided by the sizes that Graph tells
	Bottleneck string          `json:"bottleneck"`          // as pipeline.Bottleneck names it
	Advice     []string        `json:"advice"`              // what to change

	Estimate *Estimate `json:"estimate,omitempty"`
	Left     *Left     `json:"left,omitempty"` // what could not be deleted; nil if all was
}

// An Ending is why a measurement ended.
type Ending string

// The endings.
const (
	EndedInTime      Ending = "time"        // as long as was wanted
	EndedThrough     Ending = "through"     // the mailbox had no more
	EndedInterrupted Ending = "interrupted" // the caller cancelled
	EndedFailed      Ending = "failed"      // Graph or the store; the error tells
)

// errTimeUp ends the export when it was measured long enough.
var errTimeUp = errors.New("measured long enough")

// Probe measures the export of a mailbox for some time. Everything runs as in an export, but what is stored goes
// below a prefix of its own and is deleted afterwards. If the export fails or the context ends, it returns the report of
// what was measured until then; beside a failure of the export or of the deletion, the error too. A run in which not one
// item arrived has no report.
func Probe(ctx context.Context, opts ProbeOptions) (*Report, error) {
	opts = opts.withDefaults()
	s, err := openScratch(ctx, opts.Bucket, opts.URL)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	p := &probe{opts: opts}
	p.started, p.cpu = time.Now(), cpuTime()
	report, runErr := p.haul(ctx, s)
	took := p.took()
	expansion := s.expansion(context.WithoutCancel(ctx), opts.Mailbox.ID)
	left, leftErr := s.remove(context.WithoutCancel(ctx))
	if report == nil {
		if runErr == nil || runErr == pipeline.ErrInterrupted {
			runErr = errors.Join(fmt.Errorf("no item arrived in %.0f s, so nothing was measured", took.seconds), context.Cause(ctx))
		}
		return nil, errors.Join(fmt.Errorf("bench: %w", runErr), leftErr)
	}
	r := p.report(report, took)
	r.Tenant.Expansion = expansion
	r.Tenant.Ended, r.Tenant.Left = ending(ctx, runErr), left
	if r.Tenant.Ended != EndedFailed {
		runErr = nil
	}
	return r, errors.Join(runErr, leftErr)
}

// A probe is a measurement under way.
type probe struct {
	opts    ProbeOptions
	started time.Time
	cpu     time.Duration // that the process had used before
	watch   *watch
}

// haul runs the export until the time is up.
func (p *probe) haul(ctx context.Context, s *scratch) (*pipeline.Report, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.opts.For, errTimeUp)
	defer cancel()
	p.watch = startWatch(p.started, p.opts.Run.Progress)
	defer p.watch.stop()
	return pipeline.Run(ctx, pipeline.Job{
		Source: p.opts.Source, Repository: s.repo, Mailbox: p.opts.Mailbox, Graph: p.opts.Graph,
	}, p.opts.Run)
}

// took is what the export used of the machine.
func (p *probe) took() usage {
	samples := p.watch.samples()
	return usage{
		seconds: time.Since(p.started).Seconds(), user: (cpuTime() - p.cpu).Seconds(),
		peak: peakOfSelf(samples), samples: samples,
	}
}

// ending tells why the export ended.
func ending(ctx context.Context, err error) Ending {
	switch {
	case err == nil:
		return EndedThrough
	case err != pipeline.ErrInterrupted: // or that and more
		return EndedFailed
	case ctx.Err() != nil:
		return EndedInterrupted
	}
	return EndedInTime
}

// report makes the report of what an export told of itself and used.
func (p *probe) report(e *pipeline.Report, took usage) *Report {
	o := &p.opts
	run := Run{
		Items: e.Exported, Bytes: e.Bytes.Raw, Stored: e.Bytes.Stored, Requests: e.Requests, Throttled: e.Throttled,
		Reports: []*pipeline.Report{e},
	}
	took.into(&run)
	machine := thisMachine()
	name := o.Mailbox.User
	if name == "" {
		name = o.Mailbox.ID
	}
	t := &Tenant{
		Mailbox: o.Mailbox.ID, User: o.Mailbox.User, Place: o.Place, Wanted: o.For.Seconds(),
		Budget: e.Budget, Bottleneck: e.Bottleneck, Advice: advice(e, run.CPU()/run.Seconds/float64(min(machine.Cores, runtime.GOMAXPROCS(0)))),
	}
	for _, s := range e.Stages {
		t.Throttled += s.Throttled
	}
	if o.Plan.Mailboxes > 0 {
		t.Estimate = o.Plan.estimate(&run, machine)
	}
	return &Report{
		Started: p.started.UTC().Truncate(time.Second), Seconds: run.Seconds, Command: o.CommandLine, Machine: machine,
		Versions: map[string]string{"go": runtime.Version(), Mailhaul: o.Version},
		Scenarios: []Result{{
			Scenario: probeName, What: "mailbox of " + name, Store: o.Kind,
			Workload:   Workload{Mailboxes: 1, Items: run.Items, Bytes: run.Bytes},
			Contenders: []Contender{contender(Mailhaul, []Run{run})},
		}},
		Tenant: t,
	}
}
