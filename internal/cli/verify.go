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
		Short: "Prove that a repository is whole",
		Long: `Verify walks from every snapshot's ref over its manifest and segments to the packs and
checks every digest, length and chunk; it checks acknowledgements too. With --data none it leaves the packs unread and
checks only that they are there. What is damaged is named by the object's key.

It changes nothing. Exit code 0: whole; 1: damaged, or it could not be carried through.`,
		Example: `  mailhaul verify --repo s3://archive/mail
  mailhaul verify --repo ./mail --data none --json | jq .found`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.verify(cmd.Context(), f) },
	}
	repoFlag(cmd, &f.repo)
	mailboxFlag(cmd, &f.mailbox, "only what this mailbox's snapshots need (`ID`)")
	cmd.Flags().StringVar(&f.data, "data", "all", "`none|all`: whether packs are read")
	jsonFlag(cmd, &f.json, "print one JSON object on stdout")
	return cmd
}

func (a *app) verify(ctx context.Context, f verifyFlags) error {
	if f.data != "none" && f.data != "all" {
		return usagef("--data is none or all, not %q", f.data)
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
