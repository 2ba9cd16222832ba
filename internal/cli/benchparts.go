package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench"
)

// partFlags say what a part of a benchmark works on, which bench runs in a process of its own.
type partFlags struct {
	graphURL, mailbox, repo string
	levels                  bool
}

func (f *partFlags) add(cmd *cobra.Command) {
	cmd.Hidden, cmd.Args = true, noArgs
	flags := cmd.Flags()
	flags.StringVar(&f.graphURL, "graph-url", "", "base `URL` of a simulated Graph")
	flags.StringVar(&f.mailbox, "mailbox", "", "`ID` of a mailbox of it")
	flags.StringVar(&f.repo, "repo", bench.Nowhere, "`URL` of where to store")
}

func (a *app) baselineCommand() *cobra.Command {
	var f partFlags
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Haul a simulated mailbox in a straightforward way, to compare with",
		RunE: func(cmd *cobra.Command, _ []string) error {
			haul, err := bench.Baseline(cmd.Context(), f.graphURL, f.mailbox, f.repo)
			if err != nil {
				return err
			}
			return a.printJSON(haul)
		},
	}
	f.add(cmd)
	return cmd
}

func (a *app) stagesCommand() *cobra.Command {
	var f partFlags
	cmd := &cobra.Command{
		Use:   "stages",
		Short: "Measure the stages of an export of a simulated mailbox, each alone",
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.stages(cmd.Context(), f) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.levels, "levels", false, "measure other levels of zstd too")
	return cmd
}

func (a *app) stages(ctx context.Context, f partFlags) error {
	repo, err := a.createRepository(ctx, f.repo)
	if err != nil {
		return err
	}
	defer repo.Close()
	report, err := bench.Stages(ctx, f.graphURL, f.mailbox, repo, f.levels)
	if err != nil {
		return err
	}
	return a.printJSON(report)
}
