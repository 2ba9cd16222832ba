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
	for _, t := range []turn{
		{NoChange, func(ctx context.Context) error { return m.noChange(ctx, p) }},
		{oneItem, func(ctx context.Context) error { return m.readOne(ctx, p) }},
	} {
		if err := m.take(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (m *measurement) noChange(ctx context.Context, p place) error {
	r, err := m.export(ctx, m.sim, p, nil)
	if err == nil && r.Items != 0 {
		err = fmt.Errorf("%d items were hauled again", r.Items)
	}
	if err == nil {
		m.ran(NoChange, r)
	}
	return err
}

// readOne counts the reads of packs that one item takes, where they can be counted: not at a store that was given.
func (m *measurement) readOne(ctx context.Context, p place) (err error) {
	if m.lab.minio != nil {
		m.result.PackReads, err = m.extractOne(ctx, p)
	}
	return err
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
	if err != nil {
		return 0, err
	}
	return proxy.gets.Load(), nil
}
