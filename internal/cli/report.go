package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/coverage"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/snapshots"
)

type reportFlags struct {
	repo    string
	mailbox string
	json    bool
}

func (a *app) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report --repo URL",
		Short: "Compare what each mailbox's snapshots hold with Graph's counts",
		Long: `Report shows for each snapshot of a mailbox how many items Graph counted, and
how many of them are held, left out by a selection, failed or missing. It shows
every gap of the last snapshot: folders that are short or could not be listed,
and items that failed. It also shows when the mailbox was last complete. The
counts add up:

  counted + extra = held + left out + failed + gone + missing

Extra items are known beyond Graph's count. Gone items were deleted after Graph
counted them. Failed and left out items are outdated if an older version is
held. docs/coverage.md defines all terms.

Gaps that cannot be closed can be acknowledged: see mailhaul acknowledge --help.

Exit codes: 0 every mailbox's last export finished, and all its gaps are
acknowledged; 1 failed; 2 wrong usage; 3 a mailbox has an unacknowledged gap, or
its last export did not finish.`,
		Example: `  mailhaul report --repo s3://archive/mail
  mailhaul report --repo s3://archive/mail --json |
    jq -r 'select(.covered | not) | .mailbox.user'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "only the mailbox with this `ID`")
	jsonFlag(cmd, &f.json, "print one JSON object for each mailbox")
	return cmd
}

// A mailboxReport is the report of one mailbox.
type mailboxReport struct {
	Mailbox          manifest.Mailbox       `json:"mailbox"`
	LastComplete     *lastComplete          `json:"lastComplete"` // null: never
	Covered          bool                   `json:"covered"`      // the last run finished, and its gaps are acknowledged
	snapshots.Counts                        // of the last snapshot
	Acknowledged     snapshots.Acknowledged `json:"acknowledged"`      // gaps of the last snapshot
	Damaged          []restore.Problem      `json:"damaged,omitempty"` // acknowledgements
	Snapshots        []snapshots.Coverage   `json:"snapshots"`         // the oldest first; only the last has its gaps
}

func (r *mailboxReport) last() *snapshots.Coverage { return &r.Snapshots[len(r.Snapshots)-1] }

type lastComplete struct {
	Snapshot uint64    `json:"snapshot"`
	Finished time.Time `json:"finished"`
}

func (a *app) report(ctx context.Context, f reportFlags) error {
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	mailboxes, err := mailboxesOf(ctx, repo, f.mailbox)
	if err != nil {
		return err
	}
	covered := true
	for _, mailbox := range mailboxes {
		r, err := reportOf(ctx, repo, mailbox)
		if err != nil {
			return err
		}
		covered = covered && r.Covered
		if f.json {
			if err := a.printJSON(r); err != nil {
				return err
			}
			continue
		}
		a.printMailbox(r, f.repo)
	}
	if !covered {
		return printed(errIncomplete)
	}
	return nil
}

func reportOf(ctx context.Context, repo *repository.Repository, mailbox string) (*mailboxReport, error) {
	refs, err := repo.Refs(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, fmt.Errorf("mailbox %s: %w", mailbox, snapshots.ErrNone)
	}
	r := &mailboxReport{}
	for i, sequence := range refs {
		s, err := snapshots.Load(ctx, repo, mailbox, sequence)
		if err = errors.Join(err, ctx.Err()); err != nil {
			return nil, err
		}
		c := snapshots.CoverageOf(s.Snapshot)
		if s.State == manifest.StateComplete {
			r.LastComplete = &lastComplete{s.Sequence, s.Finished}
		}
		if i < len(refs)-1 {
			c.DropGaps()
		}
		r.Mailbox, r.Snapshots = s.Mailbox, append(r.Snapshots, c)
	}
	if err := r.acknowledge(ctx, repo); err != nil {
		return nil, err
	}
	last := r.last()
	r.Counts, r.Acknowledged, r.Covered = last.Counts, last.Acknowledged, last.Covered()
	return r, nil
}

// acknowledge marks the gaps of the last snapshot that are acknowledged.
func (r *mailboxReport) acknowledge(ctx context.Context, repo *repository.Repository) error {
	last := r.last()
	if last.Open() == 0 {
		return nil
	}
	acks, err := snapshots.LoadAcks(ctx, repo, r.Mailbox.ID)
	if err != nil {
		return err
	}
	for _, d := range acks.Damaged() {
		r.Damaged = append(r.Damaged, restore.Problem{Object: d.Key, Error: d.Err.Error()})
	}
	last.Acknowledge(acks, time.Now())
	return nil
}

func (a *app) printMailbox(r *mailboxReport, repo string) {
	fmt.Fprintf(a.out, "%s %s\n", text.Printable(r.Mailbox.ID), text.Printable(r.Mailbox.User))
	fmt.Fprintf(a.out, "%5s  %-16s  %-8s %10s %10s %8s %6s %7s\n", "", "finished", "state", "counted", "held", "left out", "failed", "missing")
	for i := range r.Snapshots {
		c := &r.Snapshots[i]
		fmt.Fprintf(a.out, "%5d  %s  %-8s %10s %10s %8s %6s %7s\n", c.Snapshot, c.Finished.Format(text.ShortTime), c.State,
			text.Comma(c.Counted), text.Comma(c.Held), text.Comma(c.LeftOut), text.Comma(c.Failed), text.Comma(c.Missing))
	}
	last := r.last()
	a.line("snapshot", fmt.Sprintf("%d, %s", last.Snapshot, coverage.Outcome{State: last.State, Through: last.Through, Selected: last.Selection != nil, Counts: last.Counts, Gaps: &last.Gaps}))
	a.line("coverage", coverage.Equation(&last.Counts))
	a.printGaps(&last.Gaps, last.Through)
	for _, d := range r.Damaged {
		a.line("damaged", text.Printable(d.Object+": "+d.Error))
	}
	if last.FoldersLeftOut > 0 {
		a.line("left out", text.Many(last.FoldersLeftOut, "folder")+", not selected")
	}
	complete := "never"
	if c := r.LastComplete; c != nil {
		complete = fmt.Sprintf("%s, snapshot %d", c.Finished.Format(text.ShortTime), c.Snapshot)
	}
	a.line("complete", complete)
	a.printAckCommand(r, repo)
}
