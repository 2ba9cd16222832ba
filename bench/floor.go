package bench

import (
	"context"
	"encoding/json"
	"fmt"
)

// stage measures the stages in a process of its own, which has one processor. The levels of zstd that mailhaul does not use
// are measured once, where curves are wanted.
func (m *measurement) stage(ctx context.Context) error {
	return m.at(ctx, m.scenario.Store, func(p place) error {
		args := []string{"bench", "stages", "--graph-url", m.sim.URL, "--mailbox", m.sim.Mailboxes[0].ID, "--repo", p.url}
		if m.scenario.Curve && len(m.stages) == 0 {
			args = append(args, "--levels")
		}
		out, _, err := run(m.opts.program(ctx, m.opts.contender(p.env, unlimited, oneProcessor), args...))
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
		m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", "stages", "CPU seconds per GB", round(r.floor(m.scenario.Store)))
		return nil
	})
}

// levels draws the rate of each level of zstd on one core.
func levels(stages []StageCost) (Curve, bool) {
	c := Curve{Name: "levels of zstd", X: "level", Y: "MB/s of one core"}
	for _, s := range stages {
		if s.Name != stageCompress || s.Variant == ours {
			continue
		}
		rate := Spread{Median: 1000 / s.CPU.Median, Min: 1000 / s.CPU.Max, Max: 1000 / s.CPU.Min}
		c.Points = append(c.Points, Point{X: float64(len(c.Points) + 1), Label: s.Variant, Y: rate})
	}
	return c, len(c.Points) > 0
}

// perGB is what a stage takes of CPU time.
func (r *StageRun) perGB() float64 { return perGB(r.CPU, r.Bytes) }

// inFloor returns the indices of the stages that the floor is the sum of: of the ways to decode the cheaper, the level that
// mailhaul uses, and no upload if that goes nowhere.
func (r *StageReport) inFloor(s Store) map[int]bool {
	in := map[int]bool{}
	decode := -1
	for i := range r.Stages {
		stage := &r.Stages[i]
		switch {
		case stage.Name == stageDecode:
			if decode < 0 || stage.perGB() < r.Stages[decode].perGB() {
				decode = i
			}
		case stage.Name == stageCompress && stage.Variant != ours, stage.Name == stageUpload && s == StoreNowhere:
		default:
			in[i] = true
		}
	}
	if decode >= 0 {
		in[decode] = true
	}
	return in
}

// floor returns the CPU seconds per GB that the stages take together.
func (r *StageReport) floor(s Store) float64 {
	sum := 0.0
	for i := range r.inFloor(s) {
		sum += r.Stages[i].perGB()
	}
	return sum
}

// stageCosts sums repetitions up. What was measured in some of them only comes from those.
func stageCosts(reports []*StageReport, s Store) []StageCost {
	var costs []StageCost
	first := reports[0]
	in := first.inFloor(s)
	for i, stage := range first.Stages {
		var values []float64
		for _, r := range reports {
			for k := range r.Stages {
				if other := &r.Stages[k]; other.Name == stage.Name && other.Variant == stage.Variant {
					values = append(values, other.perGB())
				}
			}
		}
		cost := StageCost{Name: stage.Name, Variant: stage.Variant, CPU: spreadOf(values), Floor: in[i]}
		if stage.Out > 0 && stage.Bytes > 0 {
			cost.Ratio = float64(stage.Out) / float64(stage.Bytes)
		}
		costs = append(costs, cost)
	}
	return costs
}
