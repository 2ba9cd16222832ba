package lab

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
)

// maxStageProcesses is how many frames of a mailbox its export compresses at a time, at most. It
// does not exceed Graph's limit of requests in flight: each process has one.
const maxStageProcesses = 4

// measureStages measures the stages in processes that have one processor each. There are as many
// processes as an export has processors, so that caches and memory are equally busy.
func (m *measurement) measureStages(ctx context.Context) error {
	processes := min(runtime.NumCPU(), maxStageProcesses)
	if m.opts.Cores > 0 {
		processes = min(processes, m.opts.Cores)
	}
	return m.withStores(ctx, processes, nil, func(stores []scratchStore) error {
		reports := make([]*yardstick.StageReport, len(stores))
		g, ctx := errgroup.WithContext(ctx)
		for i, s := range stores {
			g.Go(func() (err error) {
				reports[i], err = m.runStages(ctx, s, i == 0 && m.scenario.Curve && len(m.stages) == 0)
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		for _, r := range reports[1:] {
			reports[0].Add(r)
		}
		m.stages = append(m.stages, reports[0])
		m.opts.Logger.Info("ran", "scenario", m.scenario.Name, "contender", stagesName,
			"CPU seconds per GB", rounded(reports[0].Floor(m.scenario.Store != StoreNowhere)))
		return nil
	})
}

// withStores calls f with n more empty stores.
func (m *measurement) withStores(ctx context.Context, n int, stores []scratchStore, f func([]scratchStore) error) error {
	if n == 0 {
		return f(stores)
	}
	return m.withStore(ctx, m.scenario.Store, func(s scratchStore) error {
		return m.withStores(ctx, n-1, append(stores, s), f)
	})
}

// runStages measures the stages in one process, if requested with all levels of zstd.
func (m *measurement) runStages(ctx context.Context, s scratchStore, allLevels bool) (*yardstick.StageReport, error) {
	args := []string{"bench", "stages", "--graph-url", m.sim.URL, "--mailbox", m.sim.Mailboxes[0].ID, "--repo", s.url}
	if allLevels {
		args = append(args, "--levels")
	}
	out, _, err := run(m.opts.mailhaul(ctx, m.opts.contenderEnv(s.env, defaultHeap, singleProc), args...), nil)
	if err != nil {
		return nil, err
	}
	r := &yardstick.StageReport{}
	if err := json.Unmarshal(out, r); err != nil {
		return nil, fmt.Errorf("stages: %w", err)
	}
	if r.Items != m.workload.Items || r.Bytes != m.workload.Bytes {
		return nil, fmt.Errorf("the stages got %d items of %d bytes", r.Items, r.Bytes)
	}
	return r, nil
}
