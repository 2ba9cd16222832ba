package bench

import (
	"context"
	"os"
	"runtime"
)

// oneProcessor is the setting of a Go program that runs on one.
var oneProcessor = []string{"GOMAXPROCS=1"}

// crowded reports whether the simulated Graph has no processor that a contender does not use too. What it takes of two
// it then takes of the contender; of one it would not, for it had the other.
func (m *measurement) crowded() bool {
	return m.opts.Cores == 0 || runtime.NumCPU() <= m.opts.Cores
}

// onOneCore runs mailhaul on one processor. A crowded machine is made one that has no other.
func (m *measurement) onOneCore(ctx context.Context) error {
	if m.crowded() && canHold {
		release, err := hold(os.Getpid(), m.sim.cmd.Process.Pid)
		if release != nil {
			defer func() { _ = release() }() // those that have ended need it no more
		}
		if err != nil {
			m.opts.Logger.Warn("the simulated Graph keeps a processor of its own", "error", err)
		}
	}
	return m.onOneOfAll(OneCore)(ctx)
}

// onOneOfAll runs mailhaul, as a contender of a name, on one processor of those that it may use.
func (m *measurement) onOneOfAll(name string) func(context.Context) error {
	return func(ctx context.Context) error {
		return m.contend(ctx, name, func(p place) (Run, error) { return m.export(ctx, m.sim, p, oneProcessor) })
	}
}
