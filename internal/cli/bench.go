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

	"github.com/mailhaul/mailhaul/bench/lab"
	"github.com/mailhaul/mailhaul/bench/report"
)

type benchFlags struct {
	suite     bool
	scenarios []string
	opts      lab.Options
	user      benchUserFlags
	out       benchOutput
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench (--suite | --scenario NAME... | --user UPN)",
		Short: "Measure mailhaul on this machine, or with your tenant and store",
		Long: `Bench measures how fast mailhaul is, in one of two ways.

--user measures a mailbox of a real tenant for some time, on its way to --repo,
or without a store if there is no --repo. It reports what limits the export,
what to change, and how long more mailboxes take. Nothing is committed:
everything goes to a new prefix below --repo and is deleted afterwards, and a
repository in --repo stays untouched. Objects stay if the bucket keeps versions
or locks them. Ctrl-C ends the measurement early.

--scenario and --suite measure simulated mailboxes on this machine: the rate,
CPU time and memory of the export. The simulated Graph and the export run in
processes of their own. A straightforward program runs over the same bytes, for
comparison, and so does each stage of the export alone. The floor is the sum of
the stages' CPU time. Efficiency is the floor divided by the CPU time of the
export.

--suite measures all scenarios on two cores and compares the results with
goals. It takes twenty minutes, on a machine that does nothing else. Ctrl-C
ends --suite or --scenario, and reports the scenarios that are complete.

Exit codes: 0 measured; 1 failed; 2 wrong usage; 130 interrupted.

` + scenarioHelp(),
		Example: `  mailhaul bench --user megan@contoso.com --repo s3://archive/mail --for 5m \
    --html report.html
  mailhaul bench --user megan@contoso.com --for 2m \
    --mailboxes 5000 --gigabytes 12
  mailhaul bench --scenario nowhere
  mailhaul bench --suite --minio .cache/bin/minio --out ./bench-results`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd, f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.suite, "suite", false, "measure all scenarios, and compare them with goals")
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "`NAME` of a scenario; may be repeated")
	flags.Uint64Var(&f.opts.Seed, "seed", 1, "seed of all simulated content")
	flags.IntVar(&f.opts.Repetitions, "repetitions", 9, "how often each program runs, at most")
	flags.IntVar(&f.opts.Cores, "cores", 0, "processors that each program may use (default: 2 with --suite, otherwise all)")
	flags.StringVar(&f.opts.MinIO, "minio", "", "`FILE` of the MinIO server to store in (default: minio in the PATH)")
	flags.StringVar(&f.opts.Repo, "repo", "", "`URL` of a store; bench deletes what it stores (scenarios: S3, instead of MinIO)")
	f.user.add(cmd)
	f.out.add(cmd)
	storeFlags(cmd, &f.opts.Repo)
	cmd.AddCommand(a.baselineCommand(), a.stagesCommand())
	return cmd
}

func scenarioHelp() string {
	var b strings.Builder
	b.WriteString("Scenarios:\n\n")
	for _, s := range lab.Scenarios() {
		b.WriteString("  " + s.Name + strings.Repeat(" ", max(1, 13-len(s.Name))) + s.What + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

func (a *app) bench(cmd *cobra.Command, f benchFlags) error {
	if err := f.checkMode(cmd.Flags()); err != nil {
		return err
	}
	if f.user.given() {
		return a.benchUser(cmd.Context(), f)
	}
	return a.benchScenarios(cmd.Context(), f)
}

// benchScenarios measures scenarios and prints the report, also if a scenario failed or the user
// interrupted it.
func (a *app) benchScenarios(ctx context.Context, f benchFlags) error {
	scenarios, err := f.selected()
	if err != nil {
		return err
	}
	if err := f.findS3(ctx, scenarios); err != nil {
		return err
	}
	tidy, err := f.out.prepare()
	if err != nil {
		return err
	}
	defer tidy()
	opts := f.options(a.err)
	measure := func() (*report.Report, error) { return lab.Measure(ctx, opts, scenarios...) }
	if f.suite {
		measure = func() (*report.Report, error) { return lab.Suite(ctx, opts) }
	}
	r, err := measure()
	if r == nil || len(r.Scenarios)+len(r.Failed) == 0 {
		return err
	}
	return errors.Join(err, a.printBench(f.out, r))
}

// options returns the options of the lab, which logs to w.
func (f *benchFlags) options(w io.Writer) lab.Options {
	opts := f.opts
	opts.Command, opts.Version = selfCommand, version().release()
	opts.Logger = slog.New(slog.NewTextHandler(w, nil))
	opts.CommandLine = benchCommandLine(os.Args)
	return opts
}

// selfCommand returns a command of this program.
func selfCommand(ctx context.Context, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return exec.CommandContext(ctx, exe, args...)
}

// benchCommandLine returns a command line without the parameters of URLs, which may be secret.
func benchCommandLine(args []string) string {
	words := []string{"mailhaul"}
	for _, arg := range args[min(1, len(args)):] {
		before, _, cut := strings.Cut(arg, "?")
		if cut && strings.Contains(before, "://") {
			arg = before
		}
		words = append(words, arg)
	}
	return strings.Join(words, " ")
}
