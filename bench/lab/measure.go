package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/report"
)

// suiteCores is the number of processors that the goals apply to.
const suiteCores = 2

// Suite measures all scenarios on two cores and compares the results with the goals. It leaves out
// scenarios that have no store. Like [Measure], it may return a report beside an error.
func Suite(ctx context.Context, opts Options) (*report.Report, error) {
	opts = opts.withDefaults()
	if opts.Cores == 0 {
		opts.Cores = suiteCores
	}
	scenarios := slices.DeleteFunc(Scenarios(), func(s Scenario) bool { return !opts.canStore(s.Store) })
	if !opts.canStore(StoreS3) {
		opts.Logger.Warn("scenarios that store in S3 are left out", "error", errNoS3)
	}
	r, err := Measure(ctx, opts, scenarios...)
	if r != nil {
		r.Goals = compareWithGoals(r.Scenarios, r.Failed)
	}
	return r, err
}

// Measure measures scenarios, one after the other. If a scenario fails, the others follow. If a
// contender fails, its scenario goes on without it. Then the report has the other results, and both
// the report and the error have the failures. If the context ends, the report has the scenarios
// that were complete.
func Measure(ctx context.Context, opts Options, scenarios ...Scenario) (_ *report.Report, err error) {
	l, err := openLab(opts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	defer l.logCancellation(ctx)()
	start := time.Now()
	r := &report.Report{
		Started: start.UTC().Truncate(time.Second), Command: l.opts.CommandLine, Seed: l.opts.Seed,
		Machine: machine.Describe(), Scenarios: []report.Result{},
	}
	var errs []error
	for _, s := range scenarios {
		result, failed, err := l.measure(ctx, s)
		if err != nil && ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("bench: %w", context.Cause(ctx)))
			break
		}
		for _, err := range failed {
			errs = append(errs, addFailure(r, s.Name, err))
		}
		if err != nil {
			l.opts.Logger.Error("failed", "scenario", s.Name, "error", err)
			errs = append(errs, addFailure(r, s.Name, err))
			continue
		}
		r.Scenarios = append(r.Scenarios, result)
	}
	r.Versions, r.Seconds = l.versions(), time.Since(start).Seconds()
	return r, errors.Join(errs...)
}
