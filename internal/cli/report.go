package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/sinks"
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
		Short: "Show what is held of each mailbox against what Graph said there is",
		Long: `Report goes through the snapshots of each mailbox and tells, for each, how many items
Graph counted and how many are held, were left out by a selection, or failed; when the
mailbox was last complete; and, of the last snapshot, the folders that are short or could
not be listed and the items that failed, and why.

Exit code 0: every mailbox's last snapshot is complete, or through with what was selected,
and nothing is missing from it; 3: something is.`,
		Example: `  mailhaul report --repo s3://archive/mail
  mailhaul report --repo s3://archive/mail --json | jq -r 'select(.missing + .failed > 0) | .mailbox.user'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.report(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "only this mailbox (`ID`)")
	jsonFlag(cmd, &f.json, "print one JSON object for each mailbox")
	return cmd
}

// A mailboxReport is what there is to tell of one mailbox.
type mailboxReport struct {
	Mailbox      manifest.Mailbox     `json:"mailbox"`
	LastComplete *lastComplete        `json:"lastComplete"` // null: never
	Covered      bool                 `json:"covered"`      // nothing is missing from the last snapshot
	Counted      int64                `json:"counted"`
	Held         int64                `json:"held"`
	Failed       int64                `json:"failed"`
	Missing      int64                `json:"missing"`
	Snapshots    []snapshots.Coverage `json:"snapshots"` // the oldest first; failures and gaps of the last one only
}

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
		a.printMailbox(r)
	}
	if !covered {
		return told(errIncomplete)
	}
	return nil
}

func reportOf(ctx context.Context, repo *sinks.Repository, mailbox string) (*mailboxReport, error) {
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
			c.Gaps, c.Failures = []snapshots.Gap{}, []snapshots.FailureCoverage{}
		}
		r.Mailbox, r.Snapshots = s.Mailbox, append(r.Snapshots, c)
	}
	last := &r.Snapshots[len(r.Snapshots)-1]
	r.Counted, r.Held, r.Failed, r.Missing = last.Counted, last.Held, last.Failed, last.Missing
	r.Covered = last.Through && last.Failed == 0 && len(last.Gaps) == 0
	return r, nil
}

func (a *app) printMailbox(r *mailboxReport) {
	fmt.Fprintf(a.out, "%s %s\n", printable(r.Mailbox.ID), printable(r.Mailbox.User))
	fmt.Fprintf(a.out, "%5s  %-19s  %-8s %12s %12s %10s %8s %8s\n", "", "finished", "state", "counted", "held", "left out", "failed", "missing")
	for i := range r.Snapshots {
		c := &r.Snapshots[i]
		fmt.Fprintf(a.out, "%5d  %s  %-8s %12s %12s %10s %8s %8s\n", c.Snapshot, c.Finished.Format(time.DateTime), c.State,
			comma(c.Counted), comma(c.Held), comma(c.LeftOut), comma(c.Failed), comma(c.Missing))
	}
	last := &r.Snapshots[len(r.Snapshots)-1]
	for _, g := range last.Gaps {
		fmt.Fprintf(a.out, "gap       %s: Graph counts %s; %s held, %s left out, %s failed", printable(pipeline.FormatPath(g.Path)),
			many(g.TotalItemCount, "item"), comma(g.Held), comma(g.LeftOut), comma(g.Failed))
		if g.Error != "" {
			fmt.Fprintf(a.out, "; %s", printable(g.Error))
		}
		fmt.Fprintln(a.out)
	}
	for i, f := range last.Failures {
		if i == shown {
			fmt.Fprintf(a.out, "failed    and %s more: see --json\n", comma(int64(len(last.Failures)-shown)))
			break
		}
		fmt.Fprintf(a.out, "failed    %s in %s: %s: %s (%s in %s)\n", printable(f.ID), printable(pipeline.FormatPath(f.Path)),
			printable(f.Code), printable(f.Message), many(int64(f.Attempts), "attempt"), many(int64(f.Runs), "run"))
	}
	if last.FoldersLeftOut > 0 {
		fmt.Fprintf(a.out, "left out  %s, not selected\n", many(int64(last.FoldersLeftOut), "folder"))
	}
	complete := "never"
	if c := r.LastComplete; c != nil {
		complete = fmt.Sprintf("%s, snapshot %d", c.Finished.Format(time.DateTime), c.Snapshot)
	}
	fmt.Fprintf(a.out, "complete  %s\n", complete)
}
