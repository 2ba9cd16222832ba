package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mailhaul/mailhaul/bench"
)

type benchFlags struct {
	suite     bool
	scenarios []string
	opts      bench.Options
	out       string
	json      bool
}

func (a *app) benchCommand() *cobra.Command {
	var f benchFlags
	cmd := &cobra.Command{
		Use:   "bench (--suite | --scenario NAME...)",
		Short: "Measure how fast mailhaul is on this machine, and what bounds it",
		Long: `Bench hauls simulated mailboxes, and measures the rate, CPU time and memory of the export.
The simulated Graph and the export run in processes of their own. Beside the export runs
a straightforward program over the same bytes, and the stages of the export run alone: the
sum of their CPU time is the floor, and efficiency is the floor divided by what the export used.

--suite measures everything on two cores and shows what was reached of what is to be reached. It
takes some ten minutes, and wants a machine that does nothing else.

` + scenarioHelp(),
		Example: `  mailhaul bench --scenario nowhere
  mailhaul bench --suite --minio .cache/bin/minio --out ./bench-results`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.suite, "suite", false, "measure all scenarios, and what they are to reach")
	flags.StringArrayVar(&f.scenarios, "scenario", nil, "`NAME` of a scenario; may be repeated")
	flags.Uint64Var(&f.opts.Seed, "seed", 1, "seed of all content")
	flags.IntVar(&f.opts.Repetitions, "repetitions", 3, "how often each contender runs, at most")
	flags.IntVar(&f.opts.Cores, "cores", 0, "processors that contenders may use (default: 2 with --suite, or else all)")
	flags.StringVar(&f.opts.MinIO, "minio", "", "`FILE` of the MinIO server to store in (default: minio in the PATH)")
	flags.StringVar(&f.opts.Repo, "repo", "", "`URL` of an S3 store to use in its place; what is stored there is deleted again")
	flags.StringVar(&f.out, "out", "", "`DIR` to write report.json and report.md to")
	jsonFlag(cmd, &f.json, "print the report as JSON on stdout")
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

func (a *app) bench(ctx context.Context, f benchFlags) error {
	scenarios, err := f.chosen()
	if err != nil {
		return err
	}
	opts := f.opts
	opts.Command, opts.Version = self, version().Version
	opts.Logger = slog.New(slog.NewTextHandler(a.err, nil))
	opts.CommandLine = strings.Join(append([]string{"mailhaul"}, os.Args[1:]...), " ")
	if opts.MinIO == "" && opts.Repo == "" {
		opts.MinIO, _ = exec.LookPath("minio") // none: scenarios that need it say so
	}
	measure := func() (*bench.Report, error) { return bench.Measure(ctx, opts, scenarios...) }
	if f.suite {
		measure = func() (*bench.Report, error) { return bench.Suite(ctx, opts) }
	}
	report, err := measure()
	if report == nil {
		return err
	}
	return errors.Join(err, a.tellBench(f, report))
}

// chosen returns the scenarios that the flags name.
func (f *benchFlags) chosen() ([]bench.Scenario, error) {
	if f.suite == (len(f.scenarios) > 0) {
		return nil, usagef("what to measure? give --suite or --scenario NAME; see mailhaul bench --help")
	}
	if f.opts.Repetitions < 1 || f.opts.Cores < 0 {
		return nil, usagef("--repetitions must be at least 1, and --cores not negative")
	}
	var chosen []bench.Scenario
	for _, name := range f.scenarios {
		s, ok := bench.ScenarioOf(name)
		if !ok {
			return nil, usagef("there is no scenario %q; see mailhaul bench --help", name)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

// tellBench prints a report, and writes it to files.
func (a *app) tellBench(f benchFlags, r *bench.Report) error {
	if f.out != "" {
		if err := writeBench(f.out, r); err != nil {
			return err
		}
	}
	if f.json {
		return a.printJSON(r)
	}
	return r.WriteText(a.out)
}

func writeBench(dir string, r *bench.Report) error {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	asJSON := func(w io.Writer) error {
		enc := json.NewEncoder(w)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return errors.Join(
		writeFile(filepath.Join(dir, "report.json"), asJSON),
		writeFile(filepath.Join(dir, "report.md"), r.WriteMarkdown),
	)
}

func writeFile(name string, write func(io.Writer) error) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}

// self returns a command of this program.
func self(ctx context.Context, args ...string) *exec.Cmd {
	exe, err := os.Executable()
	if err != nil {
		exe = os.Args[0]
	}
	return exec.CommandContext(ctx, exe, args...)
}
