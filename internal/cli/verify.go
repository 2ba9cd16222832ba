package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/internal/cli/internal/observe"
	"github.com/mailhaul/mailhaul/restore"
)

type verifyFlags struct {
	repo    string
	mailbox string
	data    string
	json    bool
}

func (a *app) verifyCommand() *cobra.Command {
	var f verifyFlags
	cmd := &cobra.Command{
		Use:   "verify --repo URL",
		Short: "Verify every byte of a repository",
		Long: `Verify follows every snapshot's ref to its manifest, segments and packs, and
checks every digest, length and chunk. It also checks acknowledgements. With
--data none, it checks that the packs exist and does not read them. It prints
the key of each damaged object, and changes nothing.

Verify covers the snapshots that existed when it started.

Exit codes: 0 intact; 1 damaged, or the verification failed; 2 wrong usage;
130 interrupted.`,
		Example: `  mailhaul verify --repo s3://archive/mail
  mailhaul verify --repo ./mail --data none --json | jq .found`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "only what the snapshots of the mailbox with this `ID` need")
	cmd.Flags().StringVar(&f.data, "data", "all", "which packs to read: `none|all`")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

func (a *app) verify(ctx context.Context, f verifyFlags) error {
	if f.data != "none" && f.data != "all" {
		return usagef("--data must be none or all, not %q", f.data)
	}
	repo, err := a.openRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	opts := restore.VerifyOptions{SkipData: f.data == "none", Progress: &restore.VerifyProgress{}}
	if f.mailbox != "" {
		opts.Mailboxes = []string{f.mailbox}
	}
	defer a.measure(observe.VerifyCollector(opts.Progress))()
	show := a.startProgress(observe.VerifyState(opts.Progress))
	result, err := restore.Verify(ctx, repo, opts)
	show.Stop()
	if err != nil {
		return err
	}
	if f.json {
		if err := a.printJSON(result); err != nil {
			return err
		}
	} else {
		a.printVerification(result, !opts.SkipData)
	}
	if result.Found > 0 {
		return errDamaged
	}
	return nil
}
