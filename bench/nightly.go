package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
)

// night runs mailhaul over what it has just hauled, and then extracts one item.
func (m *measurement) night(ctx context.Context, p place) error {
	r, err := m.export(ctx, m.sim, p, nil)
	if err == nil && r.Items != 0 {
		err = fmt.Errorf("%d items were hauled again", r.Items)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", NoChange, err)
	}
	m.ran(NoChange, r)
	if m.lab.minio == nil {
		return nil // the reads cannot be counted at a store that was given
	}
	if m.result.PackReads, err = m.extractOne(ctx, p); err != nil {
		return fmt.Errorf("extract one item: %w", err)
	}
	return nil
}

// extractOne extracts one item from the middle of a mailbox through a proxy, and returns how often it read a pack.
func (m *measurement) extractOne(ctx context.Context, p place) (reads int64, err error) {
	mailbox := m.sim.Mailboxes[0].ID
	plain := openPlain(m.sim.URL, mailbox)
	defer plain.close()
	ids, err := plain.items(ctx)
	if err != nil {
		return 0, err
	}
	proxy, err := startProxy(m.lab.minio.addr)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	url := strings.Replace(p.url, m.lab.minio.addr, proxy.addr, 1)
	_, _, err = run(m.opts.program(ctx, p.env, "extract", "--repo", url, "--mailbox", mailbox,
		"--out", filepath.Join(m.dir, "extracted"), "--item", ids[len(ids)/2]), nil)
	if err == nil && proxy.gets.Load() == 0 {
		err = errors.New("no pack was read")
	}
	return proxy.gets.Load(), err
}
