package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
	"github.com/mailhaul/mailhaul/bench/report"
)

// A measurement is a scenario in progress.
type measurement struct {
	*lab
	scenario Scenario
	sim      *simulation
	restic   *restic // nil: it does not run

	workload  report.Workload
	names     []string // of contenders, in the order of their first runs
	runs      map[string][]report.Run
	stages    []*yardstick.StageReport // one for each repetition
	curves    []report.Curve
	packReads int64
	failed    []*contenderError
}

// measure measures a scenario. Contenders that failed are not in the result.
func (l *lab) measure(ctx context.Context, s Scenario) (report.Result, []*contenderError, error) {
	if !l.opts.canStore(s.Store) {
		return report.Result{}, nil, errNoS3
	}
	l.opts.Logger.Info("prepare", "scenario", s.Name, "items", s.Items*max(1, s.Mailboxes))
	sim, err := startSimulation(ctx, &l.opts, &s)
	if err != nil {
		return report.Result{}, nil, err
	}
	m := &measurement{lab: l, scenario: s, sim: sim, runs: map[string][]report.Run{}}
	m.workload = report.Workload{
		Mailboxes: len(sim.Mailboxes), Items: int64(s.Items * len(sim.Mailboxes)), Bytes: sim.Content.Bytes,
	}
	err = m.runAll(ctx)
	stats, stopErr := sim.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return report.Result{}, nil, err
	}
	return m.result(stats), m.failed, nil
}

// A contender is a program that runs in each repetition.
type contender struct {
	name string
	run  func(context.Context) error
}

// runAll runs all contenders one after the other, in each repetition. Every other repetition has
// the reverse order.
func (m *measurement) runAll(ctx context.Context) (err error) {
	if m.scenario.Restic {
		if m.restic, err = newRestic(ctx, m.lab, &m.scenario); err != nil {
			if err := m.fail(ctx, resticName, err); err != nil {
				return err
			}
		}
	}
	all := m.contenders()
	for range m.scenario.repetitions(m.opts.Repetitions) {
		for _, c := range all {
			if err := m.runContender(ctx, c); err != nil {
				return err
			}
		}
		slices.Reverse(all)
	}
	if m.restic != nil {
		if err := m.restic.remove(); err != nil {
			return err
		}
	}
	if m.scenario.Curve {
		return m.runContender(ctx, contender{inFlightCurve, m.measureInFlight})
	}
	return nil
}

// runContender runs a contender that has not failed before.
func (m *measurement) runContender(ctx context.Context, c contender) error {
	if m.hasFailed(c.name) {
		return nil
	}
	if err := c.run(ctx); err != nil {
		return m.fail(ctx, c.name, err)
	}
	return nil
}

// contenders returns the contenders of the scenario. Those whose ratio is a goal run one after the
// other, as the speed of a machine changes over time.
func (m *measurement) contenders() []contender {
	s := &m.scenario
	var all []contender
	add := func(wanted bool, name string, run func(context.Context) error) {
		if wanted {
			all = append(all, contender{name, run})
		}
	}
	add(s.Cores && m.sharesCores() && canPin, oneProc, m.exportOnOneProc)
	add(s.Cores, oneCore, m.exportOnOneCore)
	add(true, report.Mailhaul, m.export)
	add(s.Stages, stagesName, m.measureStages)
	add(s.Baseline, report.Baseline, m.runBaseline)
	add(m.restic != nil, resticName, m.runRestic)
	return all
}

// inStore runs a contender in an empty store and records the run, which must export everything.
func (m *measurement) inStore(ctx context.Context, name string, run func(scratchStore) (report.Run, error)) error {
	return m.withStore(ctx, m.scenario.Store, func(s scratchStore) error {
		r, err := run(s)
		if err != nil {
			return err
		}
		if w := m.workload; r.Items != w.Items || r.Bytes != w.Bytes {
			return fmt.Errorf("exported %d items of %d bytes; the mailboxes have %d of %d", r.Items, r.Bytes, w.Items, w.Bytes)
		}
		m.record(name, r)
		return nil
	})
}

// record adds a run.
func (m *measurement) record(name string, r report.Run) {
	if m.runs[name] == nil {
		m.names = append(m.names, name)
	}
	m.runs[name] = append(m.runs[name], r)
	m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", name, "seconds", rounded(r.Seconds),
		"MB/s", rounded(r.Rate()/1e6), "CPU seconds", rounded(r.CPU()), "MiB", r.Peak>>20)
}

// rounded keeps two decimals, for the log.
func rounded(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

// measureInFlight measures the rate by the number of requests in flight.
func (m *measurement) measureInFlight(ctx context.Context) error {
	c := report.Curve{Name: "requests in flight", X: "requests in flight", Y: "MB/s"}
	for n := 1; n <= yardstick.InFlight; n++ {
		err := m.withStore(ctx, m.scenario.Store, func(s scratchStore) error {
			r, err := m.runExport(ctx, s, nil, "--max-in-flight", strconv.Itoa(n))
			c.Points = append(c.Points, report.Point{X: float64(n), Y: report.Summarize([]float64{r.Rate() / 1e6})})
			return err
		})
		if err != nil {
			return fmt.Errorf("%d requests in flight: %w", n, err)
		}
	}
	m.curves = append(m.curves, c)
	return nil
}
