package lab

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
)

// nightly runs mailhaul again over the mailbox that it just exported, and then extracts one item.
func (m *measurement) nightly(ctx context.Context, s scratchStore) error {
	err := m.runContender(ctx, contender{noChange, func(ctx context.Context) error { return m.exportAgain(ctx, s) }})
	if err != nil {
		return err
	}
	return m.runContender(ctx, contender{extraction, func(ctx context.Context) error { return m.countPackReads(ctx, s) }})
}

func (m *measurement) exportAgain(ctx context.Context, s scratchStore) error {
	r, err := m.runExport(ctx, s, nil)
	if err == nil && r.Items != 0 {
		err = fmt.Errorf("%d items were exported again", r.Items)
	}
	if err == nil {
		m.record(noChange, r)
	}
	return err
}

// countPackReads extracts an item from the middle of the mailbox through a proxy that counts the
// reads of packs. It does nothing in Options.Repo, whose requests are signed for another host.
func (m *measurement) countPackReads(ctx context.Context, s scratchStore) (err error) {
	if m.lab.minio == nil {
		return nil
	}
	mailbox := m.sim.Mailboxes[0].ID
	ids, err := yardstick.ItemIDs(ctx, m.sim.URL, mailbox)
	if err != nil {
		return err
	}
	proxy, err := startProxy(m.lab.minio.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, proxy.stop()) }()
	url := strings.Replace(s.url, m.lab.minio.addr, proxy.addr, 1)
	_, _, err = run(m.opts.mailhaul(ctx, s.env, "extract", "--repo", url, "--mailbox", mailbox,
		"--out", filepath.Join(m.dir, "extracted"), "--item", ids[len(ids)/2]), nil)
	if err == nil && proxy.packReads.Load() == 0 {
		err = errors.New("the extraction read no pack")
	}
	if err == nil {
		m.packReads = proxy.packReads.Load()
	}
	return err
}
