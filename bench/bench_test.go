package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/bench"
	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/internal/cli"
)

// asMailhaul in the environment makes the test's program mailhaul itself, which is what bench runs in processes of their own.
const asMailhaul = "BENCH_TEST_AS_MAILHAUL"

// asDeaf in the environment makes it a program that does not end when it is asked to. Its value is a file that the program
// makes when it is deaf.
const asDeaf = "BENCH_TEST_AS_DEAF"

func TestMain(m *testing.M) {
	if file := os.Getenv(asDeaf); file != "" {
		signal.Ignore(os.Interrupt)
		_ = os.WriteFile(file, nil, 0o666)
		time.Sleep(time.Hour)
		os.Exit(0)
	}
	if os.Getenv(asMailhaul) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdout, os.Stderr))
	}
	goleak.VerifyTestMain(m)
}

func mailhaul(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = []string{asMailhaul + "=1"}
	return cmd
}

func options(t *testing.T) bench.Options {
	return bench.Options{Command: mailhaul, Seed: 7, Repetitions: 2, Dir: t.TempDir(), Version: "test"}
}

// measure measures one scenario and returns its result.
func measure(t *testing.T, opts bench.Options, s bench.Scenario) *bench.Result {
	t.Helper()
	report, err := bench.Measure(t.Context(), opts, s)
	if err != nil {
		t.Fatal(err)
	}
	if entries, err := os.ReadDir(opts.Dir); err != nil || len(entries) != 0 {
		t.Errorf("%v is left behind, %v", entries, err)
	}
	return &report.Scenarios[0]
}

// contender returns the runs of one, of which there must be n.
func contender(t *testing.T, r *bench.Result, name string, n int) []bench.Run {
	t.Helper()
	for _, c := range r.Contenders {
		if c.Name == name && len(c.Runs) == n {
			return c.Runs
		}
	}
	t.Fatalf("%s has not %d runs of %s", r.Scenario, n, name)
	return nil
}

// TestMeasure measures everything of a tiny mailbox to nowhere.
func TestMeasure(t *testing.T) {
	s := bench.Scenario{
		Name: "tiny", What: "a tiny mailbox", Store: bench.StoreNowhere, Items: 60, MaxItemSize: 200_000,
		Baseline: true, Stages: true, Cores: true, Curve: true,
	}
	r := measure(t, options(t), s)
	if r.Workload.Items != 60 || r.Workload.Mailboxes != 1 {
		t.Errorf("workload is %+v", r.Workload)
	}
	names := []string{bench.Mailhaul, bench.OneCore, bench.TheBaseline}
	if runtime.GOOS == "linux" {
		names = append(names, bench.OneOfAll)
	}
	for _, name := range names {
		for _, run := range contender(t, r, name, 2) {
			if run.Items != r.Workload.Items || run.Bytes != r.Workload.Bytes || run.CPU() <= 0 || run.Seconds <= 0 {
				t.Errorf("%s: %+v", name, run)
			}
			checkSamples(t, name, &run)
		}
	}
	first := r.Contenders[0]
	if first.Name != bench.Mailhaul || len(first.Runs[0].Reports) != 1 || first.Runs[0].Reports[0].Exported != 60 {
		t.Errorf("the first contender is %s", first.Name)
	}
	checkStages(t, r)
	if len(r.Curves) != 2 || len(r.Curves[0].Points) != 4 || len(r.Curves[1].Points) != 4 {
		t.Errorf("curves are %+v", r.Curves)
	}
	if least := int64(float64(r.Stream) * 0.9); r.Stream == 0 || first.Runs[0].Stored < least {
		t.Errorf("%d bytes are stored, one stream is %d", first.Runs[0].Stored, r.Stream)
	}
}

// checkSamples: what Graph handed out grows to what the run hauled.
func checkSamples(t *testing.T, name string, r *bench.Run) {
	t.Helper()
	last := bench.Sample{}
	for _, s := range r.Samples {
		if s.Seconds < last.Seconds || s.Items < last.Items || s.Bytes < last.Bytes {
			t.Errorf("%s: %+v after %+v", name, s, last)
		}
		last = s
	}
	if last.Items != r.Items || last.Bytes != r.Bytes {
		t.Errorf("%s: %d items of %d bytes in the end, %d of %d were hauled", name, last.Items, last.Bytes, r.Items, r.Bytes)
	}
}

// checkStages: the floor is the sum of its stages, each of which is in it once, and efficiency is what follows.
func checkStages(t *testing.T, r *bench.Result) {
	t.Helper()
	inFloor := []string{}
	for _, s := range r.Stages {
		if s.CPU.Median < 0 || s.CPU.Median == 0 && s.Name != "upload" {
			t.Errorf("stage %s %s takes %+v", s.Name, s.Variant, s.CPU)
		}
		if s.Floor {
			inFloor = append(inFloor, s.Name)
		}
	}
	want := []string{"read", "decode", "digest", "compress", "pack"}
	if r.Store != bench.StoreNowhere {
		want = append(want, "upload")
	}
	if diff := cmp.Diff(want, inFloor); diff != "" {
		t.Errorf("the floor (-want +got):\n%s", diff)
	}
	if r.Floor == nil || r.Floor.Median <= 0 || r.Efficiency.Median <= 0 || r.Efficiency.Min > r.Efficiency.Max {
		t.Errorf("floor %+v, efficiency %+v", r.Floor, r.Efficiency)
	}
}

// TestFile: what mailhaul and the baseline store in a directory is counted, and deleted.
func TestFile(t *testing.T) {
	s := bench.Scenario{Name: "file", Store: bench.StoreFile, Items: 60, ItemSize: 20_000, Repetitions: 1, Baseline: true, Stages: true}
	r := measure(t, options(t), s)
	checkStages(t, r)
	if run := contender(t, r, bench.TheBaseline, 1)[0]; run.Stored == 0 || run.Stored > run.Bytes {
		t.Errorf("the baseline stored %d of %d bytes", run.Stored, run.Bytes)
	}
}

// TestMailboxes hauls several at once, and items of several chunks.
func TestMailboxes(t *testing.T) {
	s := bench.Scenario{Name: "several", Store: bench.StoreNowhere, Mailboxes: 3, Items: 6, MinItemSize: 50_000, MaxItemSize: 9_000_000, Repetitions: 1}
	r := measure(t, options(t), s)
	run := contender(t, r, bench.Mailhaul, 1)[0]
	if r.Workload.Mailboxes != 3 || run.Items != 18 || len(run.Reports) != 3 {
		t.Errorf("%d mailboxes of %d items", len(run.Reports), run.Items)
	}
}

// TestLimits: the ceiling is what the limits allow, so mailhaul stays below it, and near enough to have hauled under it.
func TestLimits(t *testing.T) {
	s := bench.Scenario{
		Name: "limits", Store: bench.StoreNowhere, Items: 400, ItemSize: 10_000, Repetitions: 1,
		Latency: 20 * time.Millisecond, ResponseRate: 1_000_000,
	}
	r := measure(t, options(t), s)
	run := contender(t, r, bench.Mailhaul, 1)[0]
	// 4 MB/s of base64 are 3 MB/s of items at most.
	if rate := float64(run.Bytes) / run.Seconds; r.Ceiling <= rate || r.Ceiling > 3e6 || run.Throttled != 0 {
		t.Errorf("%.0f bytes a second under a ceiling of %.0f, %d throttled", rate, r.Ceiling, run.Throttled)
	}
}

// TestUnprepared: the bytes of items that are made when they are asked for are those that the run hauls.
func TestUnprepared(t *testing.T) {
	s := bench.Scenario{Name: "made", Store: bench.StoreNowhere, Items: 300, ItemSize: 3000, Unprepared: true, Repetitions: 1}
	if r := measure(t, options(t), s); r.Workload.Items != 300 || r.Workload.Bytes < 300*2000 {
		t.Errorf("workload is %+v", r.Workload)
	}
}

// TestMinIOEnds: a program that ends in place of serving is not waited for.
func TestMinIOEnds(t *testing.T) {
	binary, err := exec.LookPath("false")
	if err != nil {
		t.Skip(err)
	}
	opts := options(t)
	opts.MinIO = binary
	_, err = bench.Measure(t.Context(), opts, bench.Scenario{Name: "tiny", Store: bench.StoreS3, Items: 20})
	if err == nil || !strings.Contains(err.Error(), "the server ended at once") {
		t.Errorf("error is %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	for name, opts := range map[string]bench.Options{
		"no command":    {},
		"repetitions":   {Command: mailhaul, Repetitions: -1},
		"no such MinIO": {Command: mailhaul, MinIO: "not-there"},
	} {
		if _, err := bench.Measure(t.Context(), opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestFailing: a scenario that cannot be measured keeps no other from being so.
func TestFailing(t *testing.T) {
	report, err := bench.Measure(t.Context(), options(t),
		bench.Scenario{Name: "without a store", Store: bench.StoreS3, Items: 20},
		bench.Scenario{Name: "tiny", Store: bench.StoreNowhere, Items: 20, Repetitions: 1})
	if err == nil || !strings.Contains(err.Error(), "no MinIO") || !strings.Contains(err.Error(), "without a store") {
		t.Errorf("error is %v", err)
	}
	if report == nil || len(report.Scenarios) != 1 || report.Scenarios[0].Scenario != "tiny" {
		t.Fatalf("the report is %+v", report)
	}
	if len(report.Failed) != 1 || report.Failed[0].Scenario != "without a store" || report.Failed[0].Contender != "" {
		t.Errorf("failed is %+v", report.Failed)
	}
}

// TestFailingContender: a contender that fails is left out, with what it ran before, and all else is measured.
func TestFailingContender(t *testing.T) {
	opts, asked := options(t), map[string]int{}
	opts.Command = func(ctx context.Context, args ...string) *exec.Cmd {
		if args[0] == "bench" { // baseline or stages, the first of which succeeds
			if asked[args[1]]++; asked[args[1]] > 1 {
				return mailhaul(ctx, "bench", "nonsense")
			}
		}
		return mailhaul(ctx, args...)
	}
	opts.Cores = 1 // one process at a time measures stages
	report, err := bench.Measure(t.Context(), opts, bench.Scenario{Name: "tiny", Store: bench.StoreNowhere, Items: 20, Repetitions: 2, Baseline: true, Stages: true})
	if err == nil || !strings.Contains(err.Error(), "scenario tiny: baseline: ") || !strings.Contains(err.Error(), "scenario tiny: stages: ") {
		t.Errorf("error is %v", err)
	}
	if report == nil || len(report.Scenarios) != 1 {
		t.Fatalf("the report is %+v", report)
	}
	r := &report.Scenarios[0]
	contender(t, r, bench.Mailhaul, 2)
	if len(r.Contenders) != 1 || r.Floor != nil || len(r.Stages) != 0 {
		t.Errorf("something is told of what failed: %+v", r)
	}
	var failed []string
	for _, f := range report.Failed {
		if f.Scenario != "tiny" || !strings.Contains(f.Error, "nonsense") {
			t.Errorf("%+v", f)
		}
		failed = append(failed, f.Contender)
	}
	slices.Sort(failed)
	if diff := cmp.Diff([]string{bench.TheBaseline, "stages"}, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
}

// TestCancelled: what runs in other processes ends with the context.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	opts := options(t)
	if _, err := bench.Measure(ctx, opts, bench.Scenario{Name: "long", Store: bench.StoreNowhere, Items: 400_000, ItemSize: 3000, Unprepared: true}); err == nil {
		t.Error("no error")
	}
	if entries, err := os.ReadDir(opts.Dir); err != nil || len(entries) != 0 {
		t.Errorf("%v is left behind, %v", entries, err)
	}
}

// TestCancelledAtOnce: nothing is waited for that runs in other processes, and what is cleared away is told.
func TestCancelledAtOnce(t *testing.T) {
	bench.RaiseStopPatience(t, time.Hour) // what waits, waits too long for any test
	for _, deaf := range []string{"simulate", "export"} {
		ctx, cancel := context.WithCancel(t.Context())
		file := filepath.Join(t.TempDir(), "deaf")
		opts, log := options(t), &bytes.Buffer{}
		opts.Logger = slog.New(slog.NewTextHandler(log, nil))
		opts.Command = func(ctx context.Context, args ...string) *exec.Cmd {
			cmd := mailhaul(ctx, args...)
			if args[0] == deaf {
				cmd.Env = []string{asDeaf + "=" + file}
				go func() {
					defer cancel()
					awaitFile(ctx, file)
				}()
			}
			return cmd
		}
		_, err := bench.Measure(ctx, opts, bench.Scenario{Name: "tiny", Store: bench.StoreNowhere, Items: 5, Repetitions: 1})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: ended with %v", deaf, err)
		}
		if entries, err := os.ReadDir(opts.Dir); err != nil || len(entries) != 0 {
			t.Errorf("%s: %v is left behind, %v", deaf, entries, err)
		}
		if !strings.Contains(log.String(), "clearing away") || !strings.Contains(log.String(), opts.Dir) {
			t.Errorf("%s: told is %s", deaf, log)
		}
		cancel()
	}
}

// awaitFile returns when a file is there, or the context has ended.
func awaitFile(ctx context.Context, file string) {
	for ctx.Err() == nil {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestCancelledLater: what was measured before the context ended is reported.
func TestCancelledLater(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	opts, started := options(t), 0
	opts.Command = func(ctx context.Context, args ...string) *exec.Cmd {
		if args[0] == "simulate" {
			if started++; started == 2 {
				cancel()
			}
		}
		return mailhaul(ctx, args...)
	}
	s := bench.Scenario{Name: "first", Store: bench.StoreNowhere, Items: 20, Repetitions: 1}
	second := s
	second.Name = "second"
	report, err := bench.Measure(ctx, opts, s, second)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if report == nil || len(report.Scenarios) != 1 || report.Scenarios[0].Scenario != "first" || len(report.Failed) != 0 || report.Versions == nil {
		t.Errorf("the report is %+v", report)
	}
}

// TestSuiteCancelled: a suite that is ended has a table of what was not measured.
func TestSuiteCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	report, err := bench.Suite(ctx, options(t))
	if !errors.Is(err, context.Canceled) || report == nil || len(report.Table) == 0 || len(report.Failed) != 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	for _, row := range report.Table {
		if row.Outcome != bench.LeftOut || row.Measured != "not measured" {
			t.Errorf("%+v", row)
		}
	}
}

// TestReports: a report is the same after a way through JSON, and both of its written forms tell all of it.
func TestReports(t *testing.T) {
	opts := options(t)
	opts.CommandLine = "mailhaul bench"
	report, err := bench.Measure(t.Context(), opts, bench.Scenario{Name: "tiny", What: "a tiny mailbox", Store: bench.StoreNowhere, Items: 40, Repetitions: 1, Stages: true})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	back := &bench.Report{}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(report, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
	var text, markdown bytes.Buffer
	if err := render.Text(&text, report, render.Style{}); err != nil {
		t.Fatal(err)
	}
	if err := render.Markdown(&markdown, report); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mailhaul bench", "mailhaul test", "seed 7", "a tiny mailbox", "compress, mailhaul", "efficiency"} {
		if !strings.Contains(text.String(), want) || !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is missing in\n%s\n%s", want, &text, &markdown)
		}
	}
}
