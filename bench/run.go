package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Measure measures scenarios, one after the other. One that fails does not keep the others from their turn, nor does a contender
// that fails keep a scenario from being measured without it: the report has what was measured, and it and the error tell the rest. The context ends it early; then the report has the scenarios that were
// through by then.
func Measure(ctx context.Context, opts Options, scenarios ...Scenario) (_ *Report, err error) {
	l, err := openLab(opts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	defer l.tellEnd(ctx)()
	start := time.Now()
	r := &Report{Started: start.UTC().Truncate(time.Second), Command: l.opts.CommandLine, Seed: l.opts.Seed, Machine: thisMachine(), Scenarios: []Result{}}
	var failed []error
	for _, s := range scenarios {
		result, without, err := l.measure(ctx, s)
		if err != nil && ctx.Err() != nil {
			failed = append(failed, fmt.Errorf("bench: %w", context.Cause(ctx)))
			break
		}
		for _, err := range without {
			failed = append(failed, r.fail(s.Name, err))
		}
		if err != nil {
			l.opts.Logger.Error("failed", "scenario", s.Name, "error", err)
			failed = append(failed, r.fail(s.Name, err))
			continue
		}
		r.Scenarios = append(r.Scenarios, result)
	}
	r.Versions, r.Seconds = l.versions(), time.Since(start).Seconds()
	return r, errors.Join(failed...)
}
