package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench/lab/yardstick"
	"github.com/mailhaul/mailhaul/bench/nowhere"
)

// yardstickFlags are the flags of the hidden commands that the lab runs in processes of their own.
type yardstickFlags struct {
	graphURL, mailbox, repo string
	levels                  bool
}

func (f *yardstickFlags) add(cmd *cobra.Command) {
	cmd.Hidden, cmd.Args = true, noArgs
	flags := cmd.Flags()
	flags.StringVar(&f.graphURL, "graph-url", "", "base `URL` of a simulated Graph")
	flags.StringVar(&f.mailbox, "mailbox", "", "`ID` of a mailbox there")
	flags.StringVar(&f.repo, "repo", nowhere.URL, "`URL` of the store")
}

func (a *app) baselineCommand() *cobra.Command {
	var f yardstickFlags
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Export a simulated mailbox in a straightforward way, for comparison",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := yardstick.Baseline(cmd.Context(), f.graphURL, f.mailbox, f.repo)
			if err != nil {
				return err
			}
			return a.printJSON(r)
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) stagesCommand() *cobra.Command {
	var f yardstickFlags
	cmd := &cobra.Command{
		Use:   "stages",
		Short: "Measure each stage of an export of a simulated mailbox alone",
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.stages(cmd.Context(), f) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.levels, "levels", false, "measure all levels of zstd")
	return cmd
}

func (a *app) stages(ctx context.Context, f yardstickFlags) error {
	repo, err := a.createRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	r, err := yardstick.Stages(ctx, f.graphURL, f.mailbox, repo, f.levels)
	if err != nil {
		return err
	}
	return a.printJSON(r)
}
