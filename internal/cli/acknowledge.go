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
		Use:   "acknowledge --repo URL --mailbox ID (--folder PATH | --item ID | --all-current)... --reason TEXT",
		Short: "Accept gaps that cannot be helped, so that exit code 3 means a change",
		Long: `Acknowledge records that a gap is known which mailhaul report shows: a folder
that Graph refuses to list, a count that is never reached, an item that always
fails. Export and report still show the gap, with who acknowledged it, why, and
until when. It no longer causes exit code 3.

An acknowledgement is about the gap in the mailbox's last snapshot, and nothing
else. Another error of the folder or item is a new gap, and so are more missing
items than --missing. After a year, or at --until, the gap counts again.

Acknowledgements are objects in the repository, and never changed. --list shows
them. --revoke withdraws one by another object: nothing is deleted.

Exit code 0: acknowledged; 1: there is no such gap, or it could not be done.`,
		Example: `  export MAILHAUL_REPO=s3://archive/mail
  mailhaul report        # shows the gaps, and the mailbox's id
  mailhaul acknowledge --mailbox 'MBX:…@…' --folder Audits --reason 'by design'
  mailhaul acknowledge --mailbox 'MBX:…@…' --folder Inbox --missing 5 \
    --until 2027-01-31 --by megan --reason 'case 4711, with Microsoft'
  mailhaul acknowledge --mailbox 'MBX:…@…' --all-current --reason 'checked'
  mailhaul acknowledge --list
  mailhaul acknowledge --mailbox 'MBX:…@…' --revoke 5d41402abc4b --reason closed`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.acknowledge(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	writeFlags(cmd)
	mailboxFlag(cmd, &f.mailbox, "`ID` of the mailbox, as mailhaul report shows it")
	flags := cmd.Flags()
	flags.StringArrayVar(&f.folders, "folder", nil, "the gap of this folder: its `PATH` as mailhaul report shows it, a well-known name, or its id. May be repeated")
	flags.Int64Var(&f.missing, "missing", 0, "with --folder: up to `N` missing items are acknowledged (default: as many as are missing now)")
	flags.StringArrayVar(&f.items, "item", nil, "the failure of the item with this `ID`. May be repeated")
	flags.BoolVar(&f.all, "all-current", false, "all gaps of the last snapshot that are not acknowledged")
	flags.StringVar(&f.reason, "reason", "", "why, as `TEXT` for those who come after you")
	flags.StringVar(&f.by, "by", "", "who, as a `NAME` (default: user@host)")
	flags.StringVar(&f.until, "until", "", "when the gap counts again: a `TIME` (2027-01-31 or RFC 3339; default: in a year)")
	flags.BoolVar(&f.list, "list", false, "list acknowledgements, of all mailboxes or of --mailbox")
	flags.StringVar(&f.revoke, "revoke", "", "withdraw the acknowledgement with this `ID`, or whose id starts so")
	jsonFlag(cmd, &f.json, "print one JSON object for each acknowledgement")
	return cmd
}

// check refuses flags that do not go together.
func (f *acknowledgeFlags) check() error {
	gaps := len(f.folders)+len(f.items) > 0 || f.all
	switch {
	case f.list && (gaps || f.revoke != "" || f.reason != ""):
		return usagef("--list goes with --mailbox alone")
	case f.list:
		return nil
	case f.mailbox == "":
		return usagef("which mailbox? give --mailbox ID; mailhaul report shows the ids")
	case f.revoke != "" && gaps:
		return usagef("--revoke goes with neither --folder, --item nor --all-current")
	case f.revoke == "" && !gaps:
		return usagef("what? give --folder PATH, --item ID or --all-current; or --list or --revoke ID")
	case f.all && len(f.folders)+len(f.items) > 0:
		return usagef("--all-current goes with neither --folder nor --item")
	case f.missing < 0 || f.missing > 0 && len(f.folders) != 1:
		return usagef("--missing is a number of items above zero, and goes with one --folder")
	case f.revoke != "" && f.until != "":
		return usagef("--until is for what is acknowledged; a revocation is for good")
	case strings.TrimSpace(f.reason) == "" || len(f.reason) > manifest.MaxAckReason:
		return usagef("why? give --reason TEXT, of up to %d bytes", manifest.MaxAckReason)
	case len(f.by) > manifest.MaxAckBy:
		return usagef("--by has more than %d bytes", manifest.MaxAckBy)
	}
	return nil
}

// who returns who acknowledges.
func (f *acknowledgeFlags) who() string {
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

// ends returns when the gap counts again.
func (f *acknowledgeFlags) ends(now time.Time) (time.Time, error) {
	if f.until == "" {
		return now.AddDate(1, 0, 0), nil
	}
	until, err := parseTime("--until", f.until)
	if err == nil && !until.After(now) {
		err = usagef("--until %s is over", f.until)
	}
	return until.UTC(), err
}

func (a *app) acknowledge(ctx context.Context, f acknowledgeFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.list {
		return a.listAcks(ctx, f)
	}
	now := time.Now().UTC().Truncate(time.Second)
	until, err := f.ends(now)
	if err != nil {
		return err
	}
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	signed := manifest.Ack{Format: manifest.FormatVersion, Mailbox: f.mailbox, By: f.who(), Reason: f.reason, Created: now}
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
		fmt.Fprintln(a.out, "there is no gap that is not acknowledged")
	}
	return nil
}

// sign completes an acknowledgement of a gap by who acknowledges it, and why.
func sign(gap, by manifest.Ack) manifest.Ack {
	gap.Format, gap.Mailbox, gap.By, gap.Reason, gap.Created, gap.Until = by.Format, by.Mailbox, by.By, by.Reason, by.Created, by.Until
	return gap
}
