package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
)

// ProbeOptions are the options of [Probe].
type ProbeOptions struct {
	Source  *graph.MailboxClient // required
	Mailbox manifest.Mailbox
	Graph   manifest.Graph

	// Bucket is the store, required. Probe writes below a new prefix, deletes what it wrote, and
	// closes the bucket.
	Bucket *blob.Bucket

	// URL is the URL of Bucket: Probe deletes the versions of its objects if the store keeps any.
	// nowhere.URL, or nothing, if Bucket discards packs.
	URL string

	// For is how long to measure; 2 minutes if zero. Items that have arrived by then are stored.
	For time.Duration

	// Run are the options of the export.
	Run pipeline.Options

	// Plan is what to estimate.
	Plan Plan

	// Version and CommandLine, of mailhaul, are for the report.
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
	if o.URL == nowhere.URL {
		o.URL = ""
	}
	// Checkpoints serve runs that are resumed: this one never is.
	o.Run.CheckpointInterval = 1000 * time.Hour
	return o
}

// storeKind returns the kind of a store: the scheme of its URL, or "file" for a path.
func storeKind(storeURL string) string {
	scheme, _, found := strings.Cut(storeURL, "://")
	switch {
	case storeURL == "":
		return "nowhere"
	case !found:
		return "file"
	}
	return scheme
}

// displayURL returns a URL without what may be secret: credentials and parameters.
func displayURL(storeURL string) string {
	u, err := url.Parse(storeURL)
	if err != nil {
		return ""
	}
	u.RawQuery, u.User, u.Fragment = "", nil, ""
	return u.String()
}

// errTimeUp ends the export after [ProbeOptions.For].
var errTimeUp = errors.New("the time is up")

// Probe exports a mailbox for some time and reports how fast that was. It stores everything below a
// new prefix and deletes it afterwards.
//
// If the export fails or the context ends, Probe returns a report of what it measured until then.
// An error beside the report says that the export or the deletion failed. There is no report if no
// item arrived.
func Probe(ctx context.Context, opts ProbeOptions) (*report.Report, error) {
	opts = opts.withDefaults()
	store, err := createScratch(ctx, opts.Bucket, opts.URL)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	p := &probe{opts: opts, started: time.Now(), cpu: machine.CPUTime()}
	exported, usage, runErr := p.export(ctx, store)
	expansion := store.expansion(context.WithoutCancel(ctx), opts.Mailbox.ID)
	left, leftErr := store.remove(context.WithoutCancel(ctx))
	if exported == nil {
		if runErr == nil || runErr == pipeline.ErrInterrupted {
			runErr = errors.Join(fmt.Errorf("no item arrived in %.0f s, so nothing was measured", usage.Seconds), context.Cause(ctx))
		}
		return nil, errors.Join(fmt.Errorf("bench: %w", runErr), leftErr)
	}
	r := p.report(exported, usage)
	r.Tenant.Expansion, r.Tenant.Leftovers = expansion, left
	r.Tenant.Ended = ending(ctx, runErr)
	if r.Tenant.Ended != report.EndedFailed {
		runErr = nil
	}
	return r, errors.Join(runErr, leftErr)
}

// A probe is a measurement in progress.
type probe struct {
	opts    ProbeOptions
	started time.Time
	cpu     time.Duration // of this process, before the export
}

// export exports the mailbox until the time is up. The usage is a run without counts.
func (p *probe) export(ctx context.Context, store *scratchStore) (*pipeline.Report, report.Run, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, p.opts.For, errTimeUp)
	defer cancel()
	stopSampling := machine.Sample(os.Getpid(), p.started, func(s *report.Sample) bool {
		s.Items, s.Bytes = p.opts.Run.Progress.Exported.Load(), p.opts.Run.Progress.Arrived.Load()
		return true
	})
	defer stopSampling()
	exported, err := pipeline.Run(ctx, pipeline.Job{
		Source: p.opts.Source, Repository: store.repo, Mailbox: p.opts.Mailbox, Graph: p.opts.Graph,
	}, p.opts.Run)
	samples := stopSampling()
	return exported, report.Run{
		Seconds: time.Since(p.started).Seconds(), User: (machine.CPUTime() - p.cpu).Seconds(),
		Peak: peakMemory(samples), Samples: samples,
	}, err
}

// peakMemory returns the most bytes of memory that this process has had.
func peakMemory(samples []report.Sample) int64 {
	peak := machine.OwnPeak()
	if peak > 0 {
		return peak
	}
	for _, s := range samples {
		peak = max(peak, s.Memory)
	}
	return peak
}

// ending returns the reason why the export ended.
func ending(ctx context.Context, err error) report.Ending {
	switch {
	case err == nil:
		return report.EndedComplete
	case err != pipeline.ErrInterrupted: // this error itself: one that wraps it says that more failed
		return report.EndedFailed
	case ctx.Err() != nil:
		return report.EndedInterrupted
	}
	return report.EndedInTime
}

// report combines the export's own report with what the export used of the machine.
func (p *probe) report(e *pipeline.Report, run report.Run) *report.Report {
	o := &p.opts
	run.Items, run.Bytes, run.Stored = e.Exported, e.Bytes.Raw, e.Bytes.Stored
	run.Requests, run.Throttled, run.Reports = e.Requests, e.Throttled, []*pipeline.Report{e}
	name := o.Mailbox.User
	if name == "" {
		name = o.Mailbox.ID
	}
	this := machine.Describe()
	return &report.Report{
		Started: p.started.UTC().Truncate(time.Second), Seconds: run.Seconds, Command: o.CommandLine, Machine: this,
		Versions: map[string]string{"go": runtime.Version(), report.Mailhaul: o.Version},
		Scenarios: []report.Result{{
			Scenario: "tenant", What: "mailbox of " + name, Store: storeKind(o.URL),
			Workload:   report.Workload{Mailboxes: 1, Items: run.Items, Bytes: run.Bytes},
			Contenders: []report.Contender{report.NewContender(report.Mailhaul, []report.Run{run})},
		}},
		Tenant: p.tenant(e, &run, this),
	}
}

func (p *probe) tenant(e *pipeline.Report, run *report.Run, this report.Machine) *report.Tenant {
	o := &p.opts
	cores := run.CPU() / run.Seconds / float64(min(this.Cores, runtime.GOMAXPROCS(0)))
	t := &report.Tenant{
		Mailbox: o.Mailbox.ID, User: o.Mailbox.User, Store: displayURL(o.URL), Requested: o.For.Seconds(),
		Budget: e.Budget, Bottleneck: e.Bottleneck, Advice: advice(e, cores),
	}
	for _, s := range e.Stages {
		t.Throttled += s.Throttled
	}
	if o.Plan.Mailboxes > 0 {
		t.Estimate = o.Plan.estimate(run, this)
	}
	return t
}
