package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// A measurement is a scenario that is being measured.
type measurement struct {
	*lab
	scenario Scenario
	sim      *simulation
	result   Result
	runs     map[string][]Run
	stages   []*StageReport
}

// measure measures a scenario.
func (l *lab) measure(ctx context.Context, s Scenario) (_ Result, err error) {
	l.opts.Logger.Info("prepare", "scenario", s.Name, "items", s.Items*max(1, s.Mailboxes))
	sim, err := l.opts.simulate(ctx, &s, true)
	if err != nil {
		return Result{}, fmt.Errorf("scenario %s: %w", s.Name, err)
	}
	defer func() {
		_, stopErr := sim.stop()
		err = errors.Join(err, stopErr)
	}()
	m := &measurement{lab: l, scenario: s, sim: sim, runs: map[string][]Run{}}
	m.result = Result{
		Scenario: s.Name, What: s.What, Store: s.Store,
		Workload: Workload{Mailboxes: len(sim.Mailboxes), Items: sim.Content.Items, Bytes: sim.Content.Bytes},
	}
	for i := range l.opts.Repetitions {
		if err := m.repeat(ctx, i); err != nil {
			return Result{}, fmt.Errorf("scenario %s: %w", s.Name, err)
		}
	}
	m.sumUp()
	return m.result, nil
}

// repeat runs all contenders once, one after the other, and every other time in the other order.
func (m *measurement) repeat(ctx context.Context, i int) error {
	turns := m.turns()
	for k := range turns {
		if i%2 == 1 {
			k = len(turns) - 1 - k
		}
		if err := turns[k](ctx); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) turns() []func(context.Context) error {
	turns := []func(context.Context) error{func(ctx context.Context) error {
		return m.contend(ctx, Mailhaul, func(p place) (Run, error) { return m.export(ctx, m.sim, p, nil, m.scenario.args()...) })
	}}
	if m.scenario.Stages {
		turns = append(turns, m.stage)
	}
	if m.scenario.Baseline {
		turns = append(turns, func(ctx context.Context) error {
			return m.contend(ctx, TheBaseline, func(p place) (Run, error) { return m.baseline(ctx, m.sim, p) })
		})
	}
	return turns
}

// contend runs a contender in a place of its own. It must haul all that there is.
func (m *measurement) contend(ctx context.Context, name string, with func(place) (Run, error)) error {
	return m.at(ctx, m.scenario.Store, func(p place) error {
		r, err := with(p)
		if err == nil {
			err = r.whole(m.result.Workload)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		m.runs[name] = append(m.runs[name], r)
		m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", name,
			"MB/s", round(r.rate()/1e6), "CPU s/GB", round(perGB(r.CPU(), r.Bytes)), "MiB", r.Peak>>20)
		return nil
	})
}

// stage measures the stages in a process of its own, which has one processor. The levels of zstd that mailhaul does not use
// are measured once.
func (m *measurement) stage(ctx context.Context) error {
	return m.at(ctx, m.scenario.Store, func(p place) error {
		args := []string{"bench", "stages", "--graph-url", m.sim.URL, "--mailbox", m.sim.Mailboxes[0].ID, "--repo", p.url}
		if len(m.stages) == 0 {
			args = append(args, "--levels")
		}
		out, _, err := run(m.opts.program(ctx, append(p.env, "GOMAXPROCS=1", "GOMEMLIMIT=off", "GOGC=100"), args...))
		if err != nil {
			return err
		}
		r := &StageReport{}
		if err := json.Unmarshal(out, r); err != nil {
			return fmt.Errorf("stages: %w", err)
		}
		if r.Items != m.result.Workload.Items || r.Bytes != m.result.Workload.Bytes {
			return fmt.Errorf("the stages saw %d items of %d bytes", r.Items, r.Bytes)
		}
		m.stages = append(m.stages, r)
		m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", "stages", "CPU s/GB", round(r.floor(m.scenario.Store)))
		return nil
	})
}

// round keeps what a person reads of a figure.
func round(f float64) float64 { return float64(int64(f*100+0.5)) / 100 }

// sumUp turns the runs into the result.
func (m *measurement) sumUp() {
	for _, name := range []string{Mailhaul, TheBaseline, Restic} {
		if runs := m.runs[name]; len(runs) > 0 {
			m.result.Contenders = append(m.result.Contenders, contender(name, runs))
		}
	}
	if len(m.stages) == 0 {
		return
	}
	m.result.Stages = stageCosts(m.stages, m.scenario.Store)
	m.result.Stream = m.stages[0].Stream
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
