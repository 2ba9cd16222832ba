package cli

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
)

type lsFlags struct {
	repo     string
	mailbox  string
	snapshot uint64
	json     bool
}

func (a *app) lsCommand() *cobra.Command {
	var f lsFlags
	cmd := &cobra.Command{
		Use:   "ls --repo URL --mailbox ID",
		Short: "List the items of a snapshot",
		Long: `Ls prints a line for each item that a snapshot holds: its folder, when it was
received or created, the length of its stream, its sender and subject (or its
class if these are not known), and its id. With --json, each line is the item's
row as the repository stores it, with the path of its folder.

Exit codes: 0 listed; 1 failed; 2 wrong usage; 130 interrupted.`,
		Example: `  mailhaul ls --repo ./mail --mailbox 'MBX:e0643f21@a7809c93'
  mailhaul ls --repo ./mail --mailbox 'MBX:e0643f21@a7809c93' --json |
    jq -r 'select(.length > 10e6) | .id'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.ls(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "`ID` of the mailbox, as mailhaul snapshots shows it")
	snapshotFlag(cmd, &f.snapshot)
	jsonFlag(cmd, &f.json, "print one JSON object for each item")
	return cmd
}

func (a *app) ls(ctx context.Context, f lsFlags) error {
	repo, s, err := a.openSnapshot(ctx, f.repo, f.mailbox, f.snapshot)
	if err != nil {
		return err
	}
	defer repo.Close()
	paths := pathsOf(s)
	out := bufio.NewWriter(a.out)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for row, err := range s.Items(ctx) {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			out.Flush()
			return err
		}
		if f.json {
			err = enc.Encode(struct {
				manifest.Row
				Path []string `json:"path"`
			}{row, paths[row.Folder]})
		} else {
			_, err = fmt.Fprintf(out, "%s  %s\n", text.Path(paths[row.Folder]), describeRow(&row))
		}
		if err != nil {
			return err
		}
	}
	return out.Flush()
}

// describeRow describes the item of a row for people.
func describeRow(row *manifest.Row) string {
	at := row.ReceivedDateTime
	if at.IsZero() {
		at = row.CreatedDateTime
	}
	what := text.Printable(row.Type)
	if row.Subject != "" || row.Sender != nil {
		what = fmt.Sprintf("%q", text.Printable(row.Subject))
	}
	if s := row.Sender; s != nil {
		what = text.Printable(cmp.Or(s.Address, s.Name)) + "  " + what
	}
	return fmt.Sprintf("%s  %10s  %s  %s", at.Format(time.DateTime), text.Size(row.Length), what, text.Printable(row.ID))
}
