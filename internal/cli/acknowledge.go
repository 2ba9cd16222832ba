package cli

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/coverage"
	"github.com/mailhaul/mailhaul/internal/cli/internal/flags"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

type acknowledgeFlags struct {
	repo    string
	mailbox string
	folders []string
	missing int64
	items   []string
	all     bool
	reason  string
	by      string
	until   string
	list    bool
	revoke  string
	json    bool
}

func (a *app) acknowledgeCommand() *cobra.Command {
	var f acknowledgeFlags
	cmd := &cobra.Command{
		Use:   "acknowledge --mailbox ID (--folder PATH | --item ID)... --reason TEXT",
		Short: "Acknowledge known gaps, so that exit code 3 means a new one",
		Long: `Acknowledge records that a gap is known: a folder that Graph refuses to list, a
folder that is always short, or an item that always fails. Export and report
still show the gap, with who acknowledged it, why and until when, but it no
longer causes exit code 3.

An acknowledgement covers the gap in the mailbox's last snapshot. Another error
of the folder or item is a new gap, and so are more missing items than
--missing. The gap counts again after a year, or at --until.

Acknowledgements are objects in the repository. --list shows them. --revoke
revokes one by adding another object; nothing is changed or deleted.

Exit codes: 0 acknowledged, revoked or listed; 1 there is no such gap, or the
command failed; 2 wrong usage.`,
		Example: `  export MAILHAUL_REPO=s3://archive/mail
  mailhaul report        # shows the gaps, and the mailbox's id
  mailhaul acknowledge --mailbox 'MBX:…@…' --folder Audits \
    --reason 'denied by design'
  mailhaul acknowledge --mailbox 'MBX:…@…' --folder Inbox --missing 5 \
    --until 2027-01-31 --by megan --reason 'case 4711, with Microsoft'
  mailhaul acknowledge --mailbox 'MBX:…@…' --all-current --reason 'checked'
  mailhaul acknowledge --list
  mailhaul acknowledge --mailbox 'MBX:…@…' --revoke 5d41402abc4b \
    --reason closed`,
		Args: noArgs, DisableFlagsInUseLine: true, // the line would have more than 80 columns
		RunE: func(cmd *cobra.Command, _ []string) error { return a.acknowledge(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	flags.Write(cmd)
	mailboxFlag(cmd, &f.mailbox, "`ID` of the mailbox, as mailhaul report shows it")
	fs := cmd.Flags()
	fs.StringArrayVar(&f.folders, "folder", nil, "acknowledge the gap of this folder: its `PATH` as mailhaul report shows it, a well-known name, or its id; may be repeated")
	fs.Int64Var(&f.missing, "missing", 0, "with --folder: acknowledge up to `N` missing items (default: the number now)")
	fs.StringArrayVar(&f.items, "item", nil, "acknowledge the failure of the item with this `ID`; may be repeated")
	fs.BoolVar(&f.all, "all-current", false, "acknowledge all gaps of the last snapshot")
	fs.StringVar(&f.reason, "reason", "", "why, as `TEXT` for whoever reads the acknowledgement later")
	fs.StringVar(&f.by, "by", "", "`NAME` of who acknowledges (default: user@host)")
	fs.StringVar(&f.until, "until", "", "`TIME` at which the gap counts again (2027-01-31 or RFC 3339; default: in a year)")
	fs.BoolVar(&f.list, "list", false, "list the acknowledgements of --mailbox, or of all mailboxes")
	fs.StringVar(&f.revoke, "revoke", "", "revoke the acknowledgement with this `ID` or beginning of an id")
	jsonFlag(cmd, &f.json, "print one JSON object for each acknowledgement")
	return cmd
}

// check rejects combinations of flags.
func (f *acknowledgeFlags) check() error {
	gaps := len(f.folders)+len(f.items) > 0 || f.all
	switch {
	case f.list && (gaps || f.revoke != "" || f.reason != ""):
		return usagef("--list can be combined with --mailbox only")
	case f.list:
		return nil
	case f.mailbox == "":
		return usagef("which mailbox? give --mailbox ID; mailhaul report shows the ids")
	case f.revoke != "" && gaps:
		return usagef("--revoke cannot be combined with --folder, --item or --all-current")
	case f.revoke == "" && !gaps:
		return usagef("what? give --folder PATH, --item ID or --all-current; or --list or --revoke ID")
	case f.all && len(f.folders)+len(f.items) > 0:
		return usagef("--all-current cannot be combined with --folder or --item")
	case f.missing < 0 || f.missing > 0 && len(f.folders) != 1:
		return usagef("--missing must be above zero, and needs exactly one --folder")
	case f.revoke != "" && f.until != "":
		return usagef("--until cannot be combined with --revoke: a revocation is permanent")
	case strings.TrimSpace(f.reason) == "" || len(f.reason) > manifest.MaxAckReason:
		return usagef("why? give --reason TEXT, of up to %d bytes", manifest.MaxAckReason)
	case len(f.by) > manifest.MaxAckBy:
		return usagef("--by has more than %d bytes", manifest.MaxAckBy)
	}
	return nil
}

// author returns who acknowledges.
func (f *acknowledgeFlags) author() string {
	if f.by != "" {
		return f.by
	}
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// expiry returns when the gap counts again.
func (f *acknowledgeFlags) expiry(now time.Time) (time.Time, error) {
	if f.until == "" {
		return now.AddDate(1, 0, 0), nil
	}
	until, err := flags.ParseTime("--until", f.until)
	if err != nil {
		return until, usageError{err}
	}
	if !until.After(now) {
		return until, usagef("--until %s is in the past", f.until)
	}
	return until.UTC(), nil
}

func (a *app) acknowledge(ctx context.Context, f acknowledgeFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.list {
		return a.listAcks(ctx, f)
	}
	now := time.Now().UTC().Truncate(time.Second)
	until, err := f.expiry(now)
	if err != nil {
		return err
	}
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	signed := manifest.Ack{Format: manifest.FormatVersion, Mailbox: f.mailbox, By: f.author(), Reason: f.reason, Created: now}
	if f.revoke != "" {
		return a.revokeAck(ctx, repo, f, signed)
	}
	signed.Until = until
	return a.putAcks(ctx, repo, f, signed)
}

// putAcks acknowledges the gaps that the flags name.
func (a *app) putAcks(ctx context.Context, repo *repository.Repository, f acknowledgeFlags, signed manifest.Ack) error {
	gaps, err := f.gaps(ctx, repo, signed.Created)
	if err != nil {
		return err
	}
	for _, gap := range gaps {
		ack, err := snapshots.PutAck(ctx, repo, sign(gap, signed))
		if err != nil {
			return err
		}
		if err := a.printAck(&ack, coverage.AckState(&ack, signed.Created), f.json); err != nil {
			return err
		}
	}
	if len(gaps) == 0 && !f.json {
		fmt.Fprintln(a.out, "there is no unacknowledged gap")
	}
	return nil
}

// sign adds to the acknowledgement of a gap who acknowledges it, why and until when.
func sign(gap, by manifest.Ack) manifest.Ack {
	gap.Format, gap.Mailbox, gap.By, gap.Reason, gap.Created, gap.Until = by.Format, by.Mailbox, by.By, by.Reason, by.Created, by.Until
	return gap
}
