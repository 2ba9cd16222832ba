package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

type snapshotsFlags struct {
	repo    string
	mailbox string
	json    bool
}

func (a *app) snapshotsCommand() *cobra.Command {
	var f snapshotsFlags
	cmd := &cobra.Command{
		Use:   "snapshots --repo URL",
		Short: "List the mailboxes and snapshots of a repository",
		Long: `Snapshots prints each mailbox with its id, and a line for each of its snapshots:
the number, when it finished, its state, what it holds, and what the run added,
removed and could not export. See mailhaul report for the gaps in detail.

Exit codes: 0 listed; 1 failed; 2 wrong usage.`,
		Example: `  mailhaul snapshots --repo ./mail
  mailhaul snapshots --repo ./mail --json |
    jq -r 'select(.state == "partial") | .mailbox.id'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.snapshots(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "only the mailbox with this `ID`")
	jsonFlag(cmd, &f.json, "print one JSON object for each snapshot: its manifest without the lists of folders and segments")
	return cmd
}

func (a *app) snapshots(ctx context.Context, f snapshotsFlags) error {
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	mailboxes, err := mailboxesOf(ctx, repo, f.mailbox)
	if err != nil {
		return err
	}
	for _, mailbox := range mailboxes {
		if err := a.snapshotsOf(ctx, repo, mailbox, f.json); err != nil {
			return err
		}
	}
	return nil
}

// mailboxesOf returns the given mailbox, or all.
func mailboxesOf(ctx context.Context, repo *repository.Repository, mailbox string) ([]string, error) {
	if mailbox != "" {
		return []string{mailbox}, nil
	}
	return repo.Mailboxes(ctx)
}

func (a *app) snapshotsOf(ctx context.Context, repo *repository.Repository, mailbox string, asJSON bool) error {
	refs, err := repo.Refs(ctx, mailbox)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return fmt.Errorf("mailbox %s: %w", mailbox, snapshots.ErrNone)
	}
	for i, sequence := range refs {
		s, err := snapshots.Load(ctx, repo, mailbox, sequence)
		if err != nil {
			return err
		}
		if asJSON {
			if err := a.printJSON(summaryOf(s)); err != nil {
				return err
			}
			continue
		}
		if i == 0 {
			fmt.Fprintf(a.out, "%s %s\n", text.Printable(mailbox), text.Printable(s.Mailbox.User))
		}
		fmt.Fprintf(a.out, "%5d  %s  %-8s %10s items %10s  +%s -%s, %s\n", sequence, s.Finished.Format(time.DateTime), s.State,
			text.Comma(s.Totals.Items), text.Size(s.Totals.Bytes), text.Comma(s.Run.Exported), text.Comma(s.Run.Removed), describeGaps(s))
	}
	return nil
}

// describeGaps returns the numbers of failed and missing items and refused folders.
func describeGaps(s *snapshots.Snapshot) string {
	c := snapshots.CoverageOf(s.Snapshot)
	gaps := text.Comma(c.Failed) + " failed"
	if c.Missing > 0 {
		gaps += fmt.Sprintf(", %s missing", text.Comma(c.Missing))
	}
	if n := len(c.Refused); n > 0 {
		gaps += fmt.Sprintf(", %s refused", text.Many(int64(n), "folder"))
	}
	return gaps
}

// A summary is the JSON form of a snapshot in a list.
type summary struct {
	Mailbox  manifest.Mailbox   `json:"mailbox"`
	Snapshot uint64             `json:"snapshot"`
	Manifest manifest.Digest    `json:"manifest"`
	Parent   manifest.Digest    `json:"parent,omitzero"`
	State    manifest.State     `json:"state"`
	Started  time.Time          `json:"started"`
	Finished time.Time          `json:"finished"`
	Folders  int                `json:"folders"`
	Segments int                `json:"segments"`
	Totals   manifest.Totals    `json:"totals"`
	Run      manifest.Run       `json:"run"`
	Failures []manifest.Failure `json:"failures"`
}

func summaryOf(s *snapshots.Snapshot) summary {
	return summary{
		Mailbox: s.Mailbox, Snapshot: s.Sequence, Manifest: s.Digest, Parent: s.Parent, State: s.State,
		Started: s.Started, Finished: s.Finished, Folders: len(s.Folders), Segments: len(s.Segments),
		Totals: s.Totals, Run: s.Run, Failures: s.Failures,
	}
}
