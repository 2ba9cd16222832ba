package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/mailhaul/mailhaul/pipeline"
)

// export runs mailhaul's own export of a simulation's mailboxes, as a user would.
func (l *lab) export(ctx context.Context, sim *simulation, p place, env []string, more ...string) (Run, error) {
	args := []string{"export", "--json", "--graph-url", sim.URL, "--repo", p.url, "--request-budget", "0"}
	for _, m := range sim.Mailboxes {
		args = append(args, "--mailbox", m.ID)
	}
	out, took, err := run(l.opts.program(ctx, l.opts.contender(p.env, env), append(args, more...)...), sim.handedOut(ctx))
	if err != nil {
		return Run{}, err
	}
	var r Run
	took.into(&r)
	if err := r.read(out); err != nil {
		return Run{}, fmt.Errorf("export: %w", err)
	}
	return r, nil
}

// read takes the reports that export printed.
func (r *Run) read(out []byte) error {
	d := json.NewDecoder(bytes.NewReader(out))
	for {
		report := &pipeline.Report{}
		switch err := d.Decode(report); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		r.Reports = append(r.Reports, report)
		r.Items += report.Exported
		r.Bytes += report.Bytes.Raw
		r.Stored += report.Bytes.Stored
		r.Requests += report.Requests
		r.Throttled += report.Throttled
	}
}

// whole makes sure that a run hauled all that there is.
func (r *Run) whole(w Workload) error {
	if r.Items != w.Items || r.Bytes != w.Bytes {
		return fmt.Errorf("%d items of %d bytes were hauled; there are %d of %d", r.Items, r.Bytes, w.Items, w.Bytes)
	}
	return nil
}

// baseline runs the baseline over a simulation's first mailbox.
func (l *lab) baseline(ctx context.Context, sim *simulation, p place) (Run, error) {
	cmd := l.opts.program(ctx, l.opts.contender(p.env, unlimited), "bench", "baseline",
		"--graph-url", sim.URL, "--mailbox", sim.Mailboxes[0].ID, "--repo", p.url)
	out, took, err := run(cmd, sim.handedOut(ctx))
	if err != nil {
		return Run{}, err
	}
	var haul Haul
	if err := json.Unmarshal(out, &haul); err != nil {
		return Run{}, fmt.Errorf("baseline: %w", err)
	}
	r := Run{Items: haul.Items, Bytes: haul.Bytes, Stored: haul.Stored}
	took.into(&r)
	return r, nil
}
