package bench

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Measure measures scenarios, one after the other. The context ends it early, with an error.
func Measure(ctx context.Context, opts Options, scenarios ...Scenario) (*Report, error) {
	return inLab(opts, func(l *lab, r *Report) error { return l.scenarios(ctx, r, scenarios) })
}

// inLab calls f with a lab and a report that begins, and ends both.
func inLab(opts Options, f func(*lab, *Report) error) (_ *Report, err error) {
	l, err := openLab(opts)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	r := &Report{Started: time.Now().UTC().Truncate(time.Second), Command: l.opts.CommandLine, Seed: l.opts.Seed, Machine: thisMachine()}
	if err := f(l, r); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	r.Versions, r.Seconds = l.versions(), time.Since(r.Started).Seconds()
	return r, nil
}

// scenarios measures some and puts the results into a report.
func (l *lab) scenarios(ctx context.Context, r *Report, scenarios []Scenario) error {
	for _, s := range scenarios {
		result, err := l.measure(ctx, s)
		if err != nil {
			return err
		}
		r.Scenarios = append(r.Scenarios, result)
	}
	return nil
}
