package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A contenderError is the failure of one contender.
type contenderError struct {
	contender string
	err       error
}

func (e *contenderError) Error() string { return e.contender + ": " + e.err.Error() }
func (e *contenderError) Unwrap() error { return e.err }

// fail records the failure of a contender and drops its earlier runs: ratios compare the runs of
// one repetition. It returns an error if the scenario cannot go on.
func (m *measurement) fail(ctx context.Context, name string, err error) error {
	e := &contenderError{name, err}
	if name == report.Mailhaul || ctx.Err() != nil {
		return e
	}
	m.opts.Logger.Error("failed", "scenario", m.scenario.Name, "contender", name, "error", err)
	m.failed = append(m.failed, e)
	delete(m.runs, name)
	m.names = slices.DeleteFunc(m.names, func(n string) bool { return n == name })
	if name == stagesName {
		m.stages = nil
	}
	return nil
}

func (m *measurement) hasFailed(name string) bool {
	return slices.ContainsFunc(m.failed, func(e *contenderError) bool { return e.contender == name })
}

// addFailure adds the failure of a scenario or of a contender to a report, and returns it as an
// error of the scenario.
func addFailure(r *report.Report, scenario string, err error) error {
	f := report.Failure{Scenario: scenario, Error: err.Error()}
	if e, ok := errors.AsType[*contenderError](err); ok && e.contender != report.Mailhaul {
		f.Contender, f.Error = e.contender, e.err.Error()
	}
	r.Failed = append(r.Failed, f)
	return fmt.Errorf("bench: scenario %s: %w", scenario, err)
}
