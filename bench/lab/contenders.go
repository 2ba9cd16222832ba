package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/pipeline"
)

// Names of contenders, besides those of package report, and of other parts of a scenario that fail
// separately.
const (
	oneCore       = "mailhaul, one core"
	oneProc       = "mailhaul, GOMAXPROCS=1"    // unlike with oneCore, the simulated Graph has another core
	noChange      = "mailhaul, nothing changed" // a second run into the same store
	resticName    = "restic"
	stagesName    = "stages"
	inFlightCurve = "requests in flight"
	extraction    = "extract one item"
)

// Settings of the Go runtime.
var (
	singleProc  = []string{"GOMAXPROCS=1"}
	defaultHeap = []string{"GOMEMLIMIT=off", "GOGC=100"} // for programs without mailhaul's limits
)

// export runs mailhaul and, in a nightly scenario, a second run into the same store.
func (m *measurement) export(ctx context.Context) error {
	return m.inStore(ctx, report.Mailhaul, func(s scratchStore) (report.Run, error) {
		r, err := m.runExport(ctx, s, nil, m.scenario.exportArgs()...)
		if m.workload.Bytes == 0 { // unprepared: this run says how many
			m.workload.Bytes = r.Bytes
		}
		if err == nil && m.scenario.Nightly {
			err = m.nightly(ctx, s)
		}
		return r, err
	})
}

// sharesCores reports whether contenders may use all processors, so that the simulated Graph has
// none of its own.
func (m *measurement) sharesCores() bool {
	return m.opts.Cores == 0 || runtime.NumCPU() <= m.opts.Cores
}

// exportOnOneCore runs mailhaul on one processor. If the simulated Graph shares processors with
// mailhaul, both are pinned to the same one. Otherwise the comparison with several processors is
// unfair: Graph takes a part of several, and none of one.
func (m *measurement) exportOnOneCore(ctx context.Context) error {
	if m.sharesCores() && canPin {
		unpin, err := pin(os.Getpid(), m.sim.cmd.Process.Pid)
		if unpin != nil {
			defer func() { _ = unpin() }() // a process may have ended
		}
		if err != nil {
			m.opts.Logger.Warn("the simulated Graph has a processor of its own", "error", err)
		}
	}
	return m.exportSingle(ctx, oneCore)
}

// exportOnOneProc runs mailhaul on one processor, and the simulated Graph on all.
func (m *measurement) exportOnOneProc(ctx context.Context) error { return m.exportSingle(ctx, oneProc) }

func (m *measurement) exportSingle(ctx context.Context, name string) error {
	return m.inStore(ctx, name, func(s scratchStore) (report.Run, error) { return m.runExport(ctx, s, singleProc) })
}

// runExport runs mailhaul's export of all mailboxes, as a user does.
func (m *measurement) runExport(ctx context.Context, s scratchStore, env []string, flags ...string) (report.Run, error) {
	args := []string{"export", "--json", "--graph-url", m.sim.URL, "--repo", s.url, "--request-budget", "0"}
	for _, mailbox := range m.sim.Mailboxes {
		args = append(args, "--mailbox", mailbox.ID)
	}
	cmd := m.opts.mailhaul(ctx, m.opts.contenderEnv(s.env, env), append(args, flags...)...)
	out, r, err := run(cmd, m.sim.progress(ctx))
	if err != nil {
		return report.Run{}, err
	}
	if err := addReports(&r, out); err != nil {
		return report.Run{}, fmt.Errorf("export: %w", err)
	}
	return r, nil
}

// addReports adds the reports that export printed, one for each mailbox.
func addReports(r *report.Run, out []byte) error {
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		e := &pipeline.Report{}
		switch err := d.Decode(e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		r.Reports = append(r.Reports, e)
		r.Items += e.Exported
		r.Bytes += e.Bytes.Raw
		r.Stored += e.Bytes.Stored
		r.Requests += e.Requests
		r.Throttled += e.Throttled
	}
}

// runBaseline runs the baseline over the first mailbox.
func (m *measurement) runBaseline(ctx context.Context) error {
	return m.inStore(ctx, report.Baseline, func(s scratchStore) (report.Run, error) {
		cmd := m.opts.mailhaul(ctx, m.opts.contenderEnv(s.env, defaultHeap), "bench", "baseline",
			"--graph-url", m.sim.URL, "--mailbox", m.sim.Mailboxes[0].ID, "--repo", s.url)
		out, r, err := run(cmd, m.sim.progress(ctx))
		if err != nil {
			return report.Run{}, err
		}
		var b yardstick.BaselineReport
		if err := json.Unmarshal(out, &b); err != nil {
			return report.Run{}, fmt.Errorf("baseline: %w", err)
		}
		r.Items, r.Bytes, r.Stored = b.Items, b.Bytes, b.Stored
		return r, nil
	})
}

// runRestic runs restic over the same items, as files.
func (m *measurement) runRestic(ctx context.Context) error {
	return m.inStore(ctx, resticName, func(s scratchStore) (report.Run, error) {
		r, err := m.restic.backup(ctx, s)
		r.Items, r.Bytes = m.workload.Items, m.workload.Bytes
		return r, err
	})
}
