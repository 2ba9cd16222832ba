package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// The names of what can fail by itself in a scenario, beside those of contenders.
const (
	theStages    = "stages"
	lessInFlight = "requests in flight"
	oneItem      = "extract one item"
)

// A contenderError is why a contender was not measured.
type contenderError struct {
	contender string
	err       error
}

func (e *contenderError) Error() string { return e.contender + ": " + e.err.Error() }
func (e *contenderError) Unwrap() error { return e.err }

// without takes note of what a contender failed with, and of nothing that it ran before: in ratios, runs of one repetition
// belong together. It returns an error if the scenario cannot go on without it.
func (m *measurement) without(ctx context.Context, name string, err error) error {
	if err == nil {
		return nil
	}
	e := &contenderError{name, err}
	if name == Mailhaul || ctx.Err() != nil {
		return e
	}
	m.opts.Logger.Error("failed", "scenario", m.scenario.Name, "contender", name, "error", err)
	m.failed = append(m.failed, e)
	delete(m.runs, name)
	m.names = slices.DeleteFunc(m.names, func(n string) bool { return n == name })
	if name == theStages {
		m.stages = nil
	}
	return nil
}

// isOut reports whether a contender has failed.
func (m *measurement) isOut(name string) bool {
	return slices.ContainsFunc(m.failed, func(e *contenderError) bool { return e.contender == name })
}

// fail takes note of what a scenario, or a contender of it, failed with, and returns it as an error of the scenario.
func (r *Report) fail(scenario string, err error) error {
	f := Failure{Scenario: scenario, Error: err.Error()}
	var e *contenderError
	if errors.As(err, &e) && e.contender != Mailhaul {
		f.Contender, f.Error = e.contender, e.err.Error()
	}
	r.Failed = append(r.Failed, f)
	return fmt.Errorf("bench: scenario %s: %w", scenario, err)
}
