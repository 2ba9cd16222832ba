package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/internal/cli/internal/memory"
	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/snapshots"
)

// exportAll exports mailboxes, atOnce at a time. It continues after a mailbox that fails, and
// returns the worst outcome. When ctx ends, running exports commit what they have.
func (a *app) exportAll(ctx context.Context, jobs []pipeline.Job, opts pipeline.Options, atOnce int, asJSON bool) error {
	atOnce = min(atOnce, len(jobs))
	pool, err := pipeline.NewPool(atOnce)
	if err != nil {
		return err
	}
	defer pool.Close()
	defer memory.Raise(pool, atOnce)()
	opts.Pool, opts.Logger = pool, a.log
	e := &exports{app: a, opts: opts, json: asJSON, running: observe.NewExports(len(jobs)), total: len(jobs)}
	defer a.measure(observe.ExportCollector(e.running, pool))()
	show := a.startProgress(e.running.State)
	defer show.Stop()
	var g errgroup.Group // its functions return no errors, so that all mailboxes are exported
	g.SetLimit(atOnce)
	for _, job := range jobs {
		g.Go(func() error {
			e.outcome(ctx, job, e.export(ctx, job))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return e.worst
}

// exports are the exports of one command.
type exports struct {
	*app
	opts    pipeline.Options
	json    bool
	running *observe.Exports
	total   int // mailboxes

	mu    sync.Mutex
	worst error
}

// export exports one mailbox and prints its report.
func (e *exports) export(ctx context.Context, job pipeline.Job) error {
	if ctx.Err() != nil {
		return pipeline.ErrInterrupted // before it started
	}
	opts := e.opts
	progress, end := e.running.Begin(job)
	opts.Progress = progress
	report, err := pipeline.Run(ctx, job, opts)
	end()
	if err != nil {
		err = fmt.Errorf("export of mailbox %s: %w", job.Mailbox.ID, err)
	}
	if report == nil {
		return err
	}
	if err == nil {
		err = e.acknowledge(ctx, job, report)
	}
	if printErr := e.print(report); printErr != nil {
		return errors.Join(err, printErr)
	}
	if err == nil && !report.Whole() {
		return errIncomplete
	}
	return err
}

// acknowledge marks the report's gaps that are acknowledged in the repository.
func (e *exports) acknowledge(ctx context.Context, job pipeline.Job, report *pipeline.Report) error {
	if report.Open() == 0 {
		return nil
	}
	acks, err := snapshots.LoadAcks(ctx, job.Repository, job.Mailbox.ID)
	if err != nil {
		return fmt.Errorf("export of mailbox %s: acknowledgements: %w", job.Mailbox.ID, err)
	}
	e.warnDamaged(job.Mailbox.ID, acks)
	report.Acknowledge(acks, time.Now())
	return nil
}

// exported is the JSON form of a report.
type exported struct {
	*pipeline.Report
	Covered bool `json:"covered"` // the run finished, and its gaps are acknowledged
}

// print writes a report with one Write, so that the reports of several mailboxes do not mix.
func (e *exports) print(report *pipeline.Report) error {
	var b bytes.Buffer
	page := &app{out: &b, width: e.width}
	if e.json {
		if err := page.printJSON(exported{report, report.Whole()}); err != nil {
			return err
		}
	} else {
		page.printReport(report)
	}
	_, err := e.out.Write(b.Bytes())
	return err
}

// outcome records how an export ended. Of several exports, it prints the error of each; an
// interruption is printed once for all, at the end.
func (e *exports) outcome(ctx context.Context, job pipeline.Job, err error) {
	if err != nil && e.total > 1 && exitCode(ctx, err) != exitInterrupted {
		if errors.Is(err, errIncomplete) {
			err = fmt.Errorf("export of mailbox %s: %w", job.Mailbox.ID, err)
		}
		e.printError(err)
		err = printed(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.worst = worse(ctx, e.worst, err)
}
