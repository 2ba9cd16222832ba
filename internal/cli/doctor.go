package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
)

type doctorFlags struct {
	repo     string
	graph    graphFlags
	user     string
	thorough bool
	json     bool
}

func (a *app) doctorCommand() *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [--repo URL] [--user UPN]",
		Short: "Check that a store and Graph have what an export needs",
		Long: `Doctor tries out what an export needs, and says what to do about what is not well.

In the store: that it is reached with these credentials, each right (list, create, read;
delete, which only doctor itself uses), and whether it does what a repository relies on:
creating an object only if it is absent, also when many try at once, reading what was just
written, ranges, complete listings, and canceled writes that leave nothing. It writes about
1,200 objects and 50 MiB below doctor/ in the place that --repo names, nowhere else, and
deletes them. Where they cannot be deleted it writes a few small ones, and says what stays;
such a place still counts as empty for a new repository. Store options are used as an export
uses them, but for locks: that the bucket can lock is looked up.

In Graph, for the user of --user: that a token is obtained and which permissions it names,
and each permission by the call that needs it. One item is exported and thrown away.

Both: how far this machine's clock is off.

A check is ok; or a note, with which an export works; or failed, with the remedy under it;
or skipped, if it needs one that failed. Exit code 0: no check failed; 1: some did; 2: wrong
usage or configuration.`,
		Example: `  mailhaul doctor --repo s3://archive/mail --user megan@contoso.com
  mailhaul doctor --repo ./mail --json | jq '.checks[] | select(.status=="failed")'`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	writeFlags(cmd)
	f.graph.add(cmd)
	cmd.Flags().StringVar(&f.user, "user", "", "user principal name or id (`UPN`) whose mailbox to try")
	cmd.Flags().BoolVar(&f.thorough, "thorough", false, "write much, too, where it cannot be deleted again")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

// A diagnosis is what doctor prints as JSON.
type diagnosis struct {
	OK     bool      `json:"ok"` // no check failed
	Checks []finding `json:"checks"`
}

func (a *app) doctor(ctx context.Context, f doctorFlags) error {
	if f.repo == "" && f.user == "" {
		return usagef("what to check? give --repo URL, or --user UPN, or both")
	}
	x := &examination{show: a.printFinding}
	if f.json {
		x.show = func(finding) {}
	}
	if f.repo != "" {
		if err := a.examineStore(ctx, x, f); err != nil {
			return err
		}
	}
	if f.user != "" {
		if err := a.examineGraph(ctx, x, f); err != nil {
			return err
		}
	}
	failed := x.count(statusFailed)
	if f.json {
		if err := a.printJSON(diagnosis{OK: failed == 0, Checks: x.findings}); err != nil {
			return err
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed > 0:
		return fmt.Errorf("%w: %d of %d", errUnwell, failed, len(x.findings))
	}
	return nil
}

// begin starts a part of the table.
func (a *app) begin(x *examination, part, title string, asJSON bool) {
	if !asJSON {
		if len(x.findings) > 0 {
			fmt.Fprintln(a.out)
		}
		fmt.Fprintln(a.out, printable(title))
	}
	x.part = part
}
