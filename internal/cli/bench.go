package cli

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench"
)

type benchFlags struct {
	suite     bool
	scenarios []string
	opts      bench.Options
	user      benchUserFlags
	out       benchOutput
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench (--suite | --scenario NAME... | --user UPN)",
		Short: "Measure how fast mailhaul is, here or with a tenant and a store of your own",
		Long: `Bench hauls simulated mailboxes, and measures the rate, CPU time and memory of the export.
The simulated Graph and the export run in processes of their own. Beside the export runs
a straightforward program over the same bytes, and the stages of the export run alone: the
sum of their CPU time is the floor, and efficiency is the floor divided by what the export used.

--suite measures everything on two cores and shows what was reached of what is to be reached. It
takes twenty minutes, and wants a machine that does nothing else. Ctrl-C ends it, or --scenario,
and reports the scenarios that are through.

--user measures a mailbox of a real tenant on its way to --repo for some time, or to nowhere
without it, and says what the export is limited by, what to change, and what more mailboxes
would take. Nothing is committed: what is stored goes to a place of its own below --repo and is
deleted afterwards; a repository that is there is not touched. Versions and locks of a bucket
may keep it. Ctrl-C ends the measurement early.

` + scenarioHelp(),
		Example: `  mailhaul bench --scenario nowhere
  mailhaul bench --suite --minio .cache/bin/minio --out ./bench-results
  mailhaul bench --user megan@contoso.com --repo s3://archive/mail --for 5m --html report.html
  mailhaul bench --user megan@contoso.com --for 2m --mailboxes 5000 --gigabytes 12`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.suite, "suite", false, "measure all scenarios, and what they are to reach")
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "`NAME` of a scenario; may be repeated")
	flags.Uint64Var(&f.opts.Seed, "seed", 1, "seed of all content")
	flags.IntVar(&f.opts.Repetitions, "repetitions", 9, "how often each contender runs, at most")
	flags.IntVar(&f.opts.Cores, "cores", 0, "processors that contenders may use (default: 2 with --suite, or else all)")
	flags.StringVar(&f.opts.MinIO, "minio", "", "`FILE` of the MinIO server to store in (default: minio in the PATH)")
	flags.StringVar(&f.opts.Repo, "repo", "", "`URL` of a store; what is stored there is deleted again (scenarios: S3, in MinIO's place)")
	f.user.add(cmd)
	f.out.add(cmd)
	storeFlags(cmd, &f.opts.Repo)
	cmd.AddCommand(a.baselineCommand(), a.stagesCommand())
	return cmd
}

func scenarioHelp() string {
	var b strings.Builder
	b.WriteString("Scenarios:\n\n")
	for _, s := range bench.Scenarios() {
		b.WriteString("  " + s.Name + strings.Repeat(" ", max(1, 13-len(s.Name))) + s.What + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (a *app) bench(cmd *cobra.Command, f benchFlags) error {
	if err := f.mode(cmd.Flags()); err != nil {
		return err
	}
	if f.user.wanted() {
		return a.benchUser(cmd.Context(), f)
	}
	return a.benchScenarios(cmd.Context(), f)
}

// benchScenarios measures scenarios and tells the report, of those that were through when it was interrupted too.
func (a *app) benchScenarios(ctx context.Context, f benchFlags) error {
	scenarios, err := f.chosen()
	if err != nil {
		return err
	}
	if err := f.findStore(ctx, scenarios); err != nil {
		return err
	}
	tidy, err := f.out.prepare()
	if err != nil {
		return err
	}
	defer tidy()
	opts := f.options(a.err)
	measure := func() (*bench.Report, error) { return bench.Measure(ctx, opts, scenarios...) }
	if f.suite {
		measure = func() (*bench.Report, error) { return bench.Suite(ctx, opts) }
	}
	report, err := measure()
	if report == nil || len(report.Scenarios)+len(report.Failed) == 0 {
		return err
	}
	return errors.Join(err, a.printBench(f.out, report))
}

// options returns those of the flags, and what else scenarios take. Notes go to w.
func (f *benchFlags) options(w io.Writer) bench.Options {
	opts := f.opts
	opts.Command, opts.Version = self, version().release()
	opts.Logger = slog.New(slog.NewTextHandler(w, nil))
	opts.CommandLine = benchCommandLine(os.Args)
	return opts
}

// self returns a command of this program.
func self(ctx context.Context, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return exec.CommandContext(ctx, exe, args...)
}
