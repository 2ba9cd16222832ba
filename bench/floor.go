package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
)

// mostStages is how many frames of a mailbox its export compresses at once, at most, as package pipeline has it. It is
// not more than Graph's limit on requests in flight, as each process has one.
const mostStages = 4

// stage measures the stages in processes of their own, each of which has one processor. There are as many at once as an
// export computes on: caches and memory are as busy as they are for it.
func (m *measurement) stage(ctx context.Context) error {
	atOnce := min(runtime.NumCPU(), mostStages) // more than there are processors would disturb one another
	if m.opts.Cores > 0 {
		atOnce = min(atOnce, m.opts.Cores)
	}
	return m.atAll(ctx, atOnce, nil, func(places []place) error {
		reports := make([]*StageReport, len(places))
		g, ctx := errgroup.WithContext(ctx)
		for i, p := range places {
			g.Go(func() (err error) {
				reports[i], err = m.stagesAt(ctx, p, i == 0)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		r := joined(reports)
		m.stages = append(m.stages, r)
		m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", "stages", "CPU seconds per GB", round(r.floor(m.scenario.Store)))
		return nil
	})
}

// atAll calls with for so many places more.
func (m *measurement) atAll(ctx context.Context, n int, places []place, with func([]place) error) error {
	if n == 0 {
		return with(places)
	}
	return m.at(ctx, m.scenario.Store, func(p place) error {
		return m.atAll(ctx, n-1, append(places, p), with)
	})
}

// stagesAt measures the stages in one process. The first one measures the levels of zstd that mailhaul does not use too: once,
// where curves are wanted.
func (m *measurement) stagesAt(ctx context.Context, p place, first bool) (*StageReport, error) {
	args := []string{"bench", "stages", "--graph-url", m.sim.URL, "--mailbox", m.sim.Mailboxes[0].ID, "--repo", p.url}
	if first && m.scenario.Curve && len(m.stages) == 0 {
		args = append(args, "--levels")
	}
	out, _, err := run(m.opts.program(ctx, m.opts.contender(p.env, unlimited, oneProcessor), args...), nil)
	if err != nil {
		return nil, err
	}
	r := &StageReport{}
	if err := json.Unmarshal(out, r); err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	if r.Items != m.result.Workload.Items || r.Bytes != m.result.Workload.Bytes {
		return nil, fmt.Errorf("the stages saw %d items of %d bytes", r.Items, r.Bytes)
	}
	return r, nil
}

// joined adds what stages took in other processes to what they took in the first.
func joined(reports []*StageReport) *StageReport {
	all := reports[0]
	for i := range all.Stages {
		for _, r := range reports[1:] {
			if other := r.of(all.Stages[i].Name, all.Stages[i].Variant); other != nil {
				all.Stages[i].add(other)
			}
		}
	}
	return all
}

// of returns a stage's run, nil if it was not measured.
func (r *StageReport) of(name, variant string) *StageRun {
	i := slices.IndexFunc(r.Stages, func(s StageRun) bool { return s.Name == name && s.Variant == variant })
	if i < 0 {
		return nil
	}
	return &r.Stages[i]
}

func (r *StageRun) add(other *StageRun) {
	r.CPU, r.Bytes, r.Out = r.CPU+other.CPU, r.Bytes+other.Bytes, r.Out+other.Out
}

// levels draws the rate of each level of zstd on one core.
func levels(stages []StageCost) (Curve, bool) {
	c := Curve{Name: "levels of zstd", X: fmt.Sprintf("level (best: of the first %d MiB)", bestBytes/mib), Y: "MB/s of one core"}
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
			if run := r.of(stage.Name, stage.Variant); run != nil {
				values = append(values, run.perGB())
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
