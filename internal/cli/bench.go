package cli

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench"
)

type benchFlags struct {
	scenarios []string
	opts      bench.Options
	json      bool
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure how fast mailhaul is on this machine, and what bounds it",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "`NAME` of a scenario, may be repeated: "+strings.Join(scenarioNames(), ", "))
	flags.Uint64Var(&f.opts.Seed, "seed", 1, "seed of all content")
	flags.IntVar(&f.opts.Repetitions, "repetitions", 3, "how often each contender runs")
	flags.StringVar(&f.opts.MinIO, "minio", "", "`FILE` of the MinIO server to measure with")
	flags.StringVar(&f.opts.Repo, "repo", "", "`URL` of an S3 store to measure with in its place")
	jsonFlag(cmd, &f.json, "print the report as JSON")
	cmd.AddCommand(a.baselineCommand(), a.stagesCommand())
	return cmd
}

func scenarioNames() []string {
	var names []string
	for _, s := range bench.Scenarios() {
		names = append(names, s.Name)
	}
	return names
}

func (a *app) bench(ctx context.Context, f benchFlags) error {
	var scenarios []bench.Scenario
	for _, name := range f.scenarios {
		for _, s := range bench.Scenarios() {
			if s.Name == name {
				scenarios = append(scenarios, s)
			}
		}
	}
	opts := f.opts
	opts.Logger = slog.New(slog.NewTextHandler(a.err, nil))
	opts.Version = version().Version
	opts.Command = self
	report, err := bench.Measure(ctx, opts, scenarios...)
	if err != nil {
		return err
	}
	return a.printJSON(report)
}

// self returns a command of this program.
func self(ctx context.Context, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return exec.CommandContext(ctx, exe, args...)
}

// childFlags say what a part of a benchmark works on.
type childFlags struct {
	graphURL, mailbox, repo string
	levels                  bool
}

func (f *childFlags) add(cmd *cobra.Command) {
	cmd.Hidden = true
	cmd.Args = noArgs
	flags := cmd.Flags()
	flags.StringVar(&f.graphURL, "graph-url", "", "base `URL` of a simulated Graph")
	flags.StringVar(&f.mailbox, "mailbox", "", "`ID` of a mailbox of it")
	flags.StringVar(&f.repo, "repo", bench.Nowhere, "`URL` of where to store")
}

func (a *app) baselineCommand() *cobra.Command {
	var f childFlags
	cmd := &cobra.Command{
		Use:   "baseline",
		Short: "Haul a mailbox in a straightforward way, to compare with",
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
	var f childFlags
	cmd := &cobra.Command{
		Use:   "stages",
		Short: "Measure the stages of an export, each alone",
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.stages(cmd.Context(), f) },
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.levels, "levels", false, "measure other levels of zstd too")
	return cmd
}

func (a *app) stages(ctx context.Context, f childFlags) error {
	repo, err := createRepository(ctx, f.repo)
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
