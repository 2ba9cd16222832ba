package bench

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/mailhaul/mailhaul/simulator"
)

// A measurement is a scenario that is being measured.
type measurement struct {
	*lab
	scenario Scenario
	sim      *simulation
	result   Result
	names    []string // of contenders, in the order of their first runs
	runs     map[string][]Run
	stages   []*StageReport
	restic   *resticBackup     // nil: it does not take part
	failed   []*contenderError // those that the scenario is measured without
}

// measure measures a scenario. What a contender other than mailhaul's export failed with does not end it.
func (l *lab) measure(ctx context.Context, s Scenario) (Result, []*contenderError, error) {
	if !l.opts.canStore(s.Store) {
		return Result{}, nil, errNoMinIO
	}
	l.opts.Logger.Info("prepare", "scenario", s.Name, "items", s.Items*max(1, s.Mailboxes))
	m := &measurement{lab: l, scenario: s, runs: map[string][]Run{}}
	if err := m.measure(ctx); err != nil {
		return Result{}, nil, err
	}
	return m.result, m.failed, nil
}

func (m *measurement) measure(ctx context.Context) (err error) {
	s := &m.scenario
	if m.sim, err = m.opts.simulate(ctx, s); err != nil {
		return err
	}
	m.result = Result{Scenario: s.Name, What: s.What, Store: s.Store, Workload: m.workload()}
	err = m.all(ctx)
	stats, stopErr := m.sim.stop()
	if err := errors.Join(err, stopErr); err != nil {
		return err
	}
	m.sumUp()
	m.ceiling(stats)
	return nil
}

// workload is what there is to haul. The bytes are not known, and zero, unless they were prepared.
func (m *measurement) workload() Workload {
	w := Workload{Mailboxes: len(m.sim.Mailboxes), Items: int64(m.scenario.Items * len(m.sim.Mailboxes))}
	w.Bytes = m.sim.Content.Bytes
	return w
}

// all runs all contenders as often as is asked for: those of a repetition one after the other, every other time in the
// other order.
func (m *measurement) all(ctx context.Context) error {
	if m.scenario.Restic {
		if err := m.without(ctx, Restic, m.prepareRestic(ctx)); err != nil {
			return err
		}
	}
	turns := m.turns()
	for i := range m.scenario.repetitions(m.opts.Repetitions) {
		for k := range turns {
			if i%2 == 1 {
				k = len(turns) - 1 - k
			}
			if err := m.take(ctx, turns[k]); err != nil {
				return err
			}
		}
	}
	if m.restic != nil {
		if err := m.restic.remove(); err != nil {
			return err
		}
	}
	if m.scenario.Curve {
		return m.without(ctx, lessInFlight, m.fewerInFlight(ctx))
	}
	return nil
}

// A turn is what a contender does in each repetition.
type turn struct {
	name string // of the contender
	run  func(context.Context) error
}

// take takes a turn, unless its contender has failed before.
func (m *measurement) take(ctx context.Context, t turn) error {
	if m.isOut(t.name) {
		return nil
	}
	return m.without(ctx, t.name, t.run(ctx))
}

func (m *measurement) turns() []turn {
	s := &m.scenario
	var turns []turn
	add := func(wanted bool, name string, run func(context.Context) error) {
		if wanted {
			turns = append(turns, turn{name, run})
		}
	}
	// Those that ratios are made of follow one another: the machine's speed may not stay the same for long.
	add(s.Cores && m.crowded() && canHold, OneOfAll, m.onOneOfAll(OneOfAll))
	add(s.Cores, OneCore, m.onOneCore)
	add(true, Mailhaul, m.haul)
	add(s.Stages, theStages, m.stage)
	add(s.Baseline, TheBaseline, func(ctx context.Context) error {
		return m.contend(ctx, TheBaseline, func(p place) (Run, error) { return m.baseline(ctx, m.sim, p) })
	})
	add(m.restic != nil, Restic, func(ctx context.Context) error {
		return m.contend(ctx, Restic, func(p place) (Run, error) { return m.restic.backup(ctx, p, m.result.Workload) })
	})
	return turns
}

// haul runs mailhaul, as often as the scenario asks for into the same place.
func (m *measurement) haul(ctx context.Context) error {
	return m.contend(ctx, Mailhaul, func(p place) (Run, error) {
		r, err := m.export(ctx, m.sim, p, nil, m.scenario.args()...)
		if m.result.Workload.Bytes == 0 {
			m.result.Workload.Bytes = r.Bytes
		}
		if err == nil && m.scenario.Nightly {
			err = m.night(ctx, p)
		}
		return r, err
	})
}

// contend runs a contender in a place of its own. It must haul all that there is.
func (m *measurement) contend(ctx context.Context, name string, with func(place) (Run, error)) error {
	return m.at(ctx, m.scenario.Store, func(p place) error {
		r, err := with(p)
		if err == nil {
			err = r.whole(m.result.Workload)
		}
		if err != nil {
			return err
		}
		m.ran(name, r)
		return nil
	})
}

// ran takes note of a run.
func (m *measurement) ran(name string, r Run) {
	if m.runs[name] == nil {
		m.names = append(m.names, name)
	}
	m.runs[name] = append(m.runs[name], r)
	m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", name, "seconds", round(r.Seconds),
		"MB/s", round(r.rate()/1e6), "CPU seconds", round(r.CPU()), "MiB", r.Peak>>20)
}

// round keeps what a person reads of a figure.
func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

// fewerInFlight measures how the rate depends on the number of requests in flight, once each.
func (m *measurement) fewerInFlight(ctx context.Context) error {
	c := Curve{Name: "requests in flight", X: "requests in flight", Y: "MB/s"}
	for n := 1; n <= inFlight; n++ {
		err := m.at(ctx, m.scenario.Store, func(p place) error {
			r, err := m.export(ctx, m.sim, p, nil, "--max-in-flight", strconv.Itoa(n))
			c.Points = append(c.Points, Point{X: float64(n), Y: spreadOf([]float64{r.rate() / 1e6})})
			return err
		})
		if err != nil {
			return fmt.Errorf("%d requests in flight: %w", n, err)
		}
	}
	m.result.Curves = append(m.result.Curves, c)
	return nil
}

// ceiling works out what the modelled limits allow, if there are any: all places of the mailbox taken all the time, by the
// lists that were asked for, by no more exports than the items need, and by the bytes that were sent.
func (m *measurement) ceiling(stats simulator.Stats) {
	s := &m.scenario
	if s.ResponseRate == 0 {
		return
	}
	runs := float64(len(m.runs[Mailhaul]))
	lists := float64(stats.Total() - stats.Requests[simulator.OpExport])
	exports := runs * float64((m.result.Workload.Items+batchSize-1)/batchSize)
	taken := (lists+exports)*s.Latency.Seconds() + float64(stats.Sent)/float64(s.ResponseRate)
	m.result.Ceiling = float64(m.result.Workload.Bytes) * runs / (taken / inFlight)
}

// sumUp turns the runs into the result.
func (m *measurement) sumUp() {
	for _, name := range append([]string{Mailhaul}, slices.DeleteFunc(m.names, func(n string) bool { return n == Mailhaul })...) {
		m.result.Contenders = append(m.result.Contenders, contender(name, m.runs[name]))
	}
	if len(m.stages) == 0 {
		return
	}
	m.result.Stages = stageCosts(m.stages, m.scenario.Store)
	m.result.Stream = m.stages[0].Stream
	if c, ok := levels(m.result.Stages); ok {
		m.result.Curves = append(m.result.Curves, c)
	}
	var floors, efficiencies []float64
	for i, s := range m.stages {
		floor := s.floor(m.scenario.Store)
		r := &m.runs[Mailhaul][i]
		floors = append(floors, floor)
		efficiencies = append(efficiencies, floor/perGB(r.CPU(), r.Bytes))
	}
	floor, efficiency := spreadOf(floors), spreadOf(efficiencies)
	m.result.Floor, m.result.Efficiency = &floor, &efficiency
}
