package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/snapshots"
)

type extractFlags struct {
	repo     string
	mailbox  string
	out      string
	snapshot uint64
	items    []string
	json     bool
}

func (a *app) extractCommand() *cobra.Command {
	var f extractFlags
	cmd := &cobra.Command{
		Use:   "extract --repo URL --mailbox ID --out DIR",
		Short: "Extract items from a repository",
		Long: `Extract writes items of a snapshot to <folder path>/<name>.fts below a
directory: the FastTransfer stream, byte for byte as Graph sent it. Without
--item, it writes all items. Names are safe on every file system. A file that
exists with the same bytes is left alone; one with other bytes is an error.

Exit codes: 0 all items are extracted; 1 failed; 2 wrong usage;
130 interrupted.`,
		Example: `  mailhaul extract --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' --out ./items
  mailhaul extract --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' \
    --out ./items --item AQMkAD…`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.extract(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "`ID` of the mailbox, as mailhaul snapshots shows it")
	flags := cmd.Flags()
	flags.StringVar(&f.out, "out", "", "`DIR` to write to; it is created if it does not exist")
	snapshotFlag(cmd, &f.snapshot)
	flags.StringArrayVar(&f.items, "item", nil, "`ID` of an item, as mailhaul ls shows it; may be repeated")
	jsonFlag(cmd, &f.json, "print one JSON object for each item on stdout")
	return cmd
}

func snapshotFlag(cmd *cobra.Command, to *uint64) {
	cmd.Flags().Uint64Var(to, "snapshot", 0, "number `N` of the snapshot (default: the last one)")
}

func (a *app) extract(ctx context.Context, f extractFlags) error {
	if f.out == "" {
		return usagef("where to? give --out DIR")
	}
	repo, s, err := a.openSnapshot(ctx, f.repo, f.mailbox, f.snapshot)
	if err != nil {
		return err
	}
	defer repo.Close()
	var items, bytes int64
	err = restore.Extract(ctx, repo, s, f.out, f.items, func(e restore.Extracted) error {
		items++
		bytes += e.Length
		if f.json {
			return a.printJSON(e)
		}
		_, err := fmt.Fprintln(a.out, filepath.Join(f.out, e.Path))
		return err
	})
	if !f.json && (err == nil || items > 0) {
		fmt.Fprintf(a.err, "%s, %s, of snapshot %d written below %s\n", text.Many(items, "item"), text.Size(bytes), s.Sequence, f.out)
	}
	if err != nil {
		return fmt.Errorf("extract: %w", err)
	}
	return nil
}

// openSnapshot opens a repository and a snapshot; sequence 0 is the last one. The caller closes the
// repository.
func (a *app) openSnapshot(ctx context.Context, url, mailbox string, sequence uint64) (*repository.Repository, *snapshots.Snapshot, error) {
	if mailbox == "" {
		return nil, nil, usagef("which mailbox? give --mailbox ID; mailhaul snapshots lists them")
	}
	repo, err := a.openRepository(ctx, url)
	if err != nil {
		return nil, nil, err
	}
	var s *snapshots.Snapshot
	if sequence == 0 {
		s, err = snapshots.Latest(ctx, repo, mailbox)
	} else {
		s, err = snapshots.Load(ctx, repo, mailbox, sequence)
	}
	if err != nil {
		return nil, nil, errors.Join(err, repo.Close())
	}
	return repo, s, nil
}
