package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/bench/lab"
	"github.com/mailhaul/mailhaul/bench/render"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/internal/cli"
)

const (
	// asMailhaul in the environment makes the test binary mailhaul, which the lab runs in processes
	// of their own.
	asMailhaul = "BENCH_TEST_AS_MAILHAUL"

	// asDeaf makes the test binary a program that ignores interrupts. Its value is a file that the
	// program creates when it does.
	asDeaf = "BENCH_TEST_AS_DEAF"
)

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

// options returns options for a test, which gets a directory of its own for temporary files.
func options(t *testing.T) lab.Options {
	dir := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP"} {
		t.Setenv(name, dir)
	}
	return lab.Options{Command: mailhaul, Seed: 7, Repetitions: 2, Version: "test"}
}

// checkDeleted checks that no temporary files are left.
func checkDeleted(t *testing.T) {
	t.Helper()
	if entries, err := os.ReadDir(os.TempDir()); err != nil || len(entries) != 0 {
		t.Errorf("temporary files are left: %v, %v", entries, err)
	}
}

// measure measures one scenario and returns its result.
func measure(t *testing.T, opts lab.Options, s lab.Scenario) *report.Result {
	t.Helper()
	r, err := lab.Measure(t.Context(), opts, s)
	if err != nil {
		t.Fatal(err)
	}
	checkDeleted(t)
	return &r.Scenarios[0]
}

// runsOf returns the runs of a contender, which must be n.
func runsOf(t *testing.T, r *report.Result, name string, n int) []report.Run {
	t.Helper()
	for _, c := range r.Contenders {
		if c.Name == name && len(c.Runs) == n {
			return c.Runs
		}
	}
	t.Fatalf("%s does not have %d runs of %s", r.Scenario, n, name)
	return nil
}

// TestMeasure measures everything of a tiny mailbox without a store.
func TestMeasure(t *testing.T) {
	s := lab.Scenario{
		Name: "tiny", What: "a tiny mailbox", Store: lab.StoreNowhere, Items: 60, MaxItemSize: 200_000,
		Baseline: true, Stages: true, Cores: true, Curve: true,
	}
	r := measure(t, options(t), s)
	if r.Workload.Items != 60 || r.Workload.Mailboxes != 1 {
		t.Errorf("workload is %+v", r.Workload)
	}
	names := []string{"mailhaul", "mailhaul, one core", "baseline"}
	if runtime.GOOS == "linux" {
		names = append(names, "mailhaul, GOMAXPROCS=1")
	}
	for _, name := range names {
		for _, run := range runsOf(t, r, name, 2) {
			if run.Items != r.Workload.Items || run.Bytes != r.Workload.Bytes || run.CPU() <= 0 || run.Seconds <= 0 {
				t.Errorf("%s: %+v", name, run)
			}
			checkSamples(t, name, &run)
		}
	}
	first := r.Contenders[0]
	if first.Name != report.Mailhaul || len(first.Runs[0].Reports) != 1 || first.Runs[0].Reports[0].Exported != 60 {
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

// checkSamples checks that samples grow to what the run exported.
func checkSamples(t *testing.T, name string, r *report.Run) {
	t.Helper()
	last := report.Sample{}
	for _, s := range r.Samples {
		if s.Seconds < last.Seconds || s.Items < last.Items || s.Bytes < last.Bytes {
			t.Errorf("%s: %+v after %+v", name, s, last)
		}
		last = s
	}
	if last.Items != r.Items || last.Bytes != r.Bytes {
		t.Errorf("%s: the last sample has %d items of %d bytes, the run %d of %d", name, last.Items, last.Bytes, r.Items, r.Bytes)
	}
}

// checkStages checks that each stage is in the floor once, and that there is an efficiency.
func checkStages(t *testing.T, r *report.Result) {
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
	if r.Store != "nowhere" {
		want = append(want, "upload")
	}
	if diff := cmp.Diff(want, inFloor); diff != "" {
		t.Errorf("stages in the floor (-want +got):\n%s", diff)
	}
	if r.Floor == nil || r.Floor.Median <= 0 || r.Efficiency.Median <= 0 || r.Efficiency.Min > r.Efficiency.Max {
		t.Errorf("floor %+v, efficiency %+v", r.Floor, r.Efficiency)
	}
}

// TestFile measures mailhaul and the baseline with a directory.
func TestFile(t *testing.T) {
	s := lab.Scenario{Name: "file", Store: lab.StoreFile, Items: 60, ItemSize: 20_000, Repetitions: 1, Baseline: true, Stages: true}
	r := measure(t, options(t), s)
	checkStages(t, r)
	if run := runsOf(t, r, report.Baseline, 1)[0]; run.Stored == 0 || run.Stored > run.Bytes {
		t.Errorf("the baseline stored %d of %d bytes", run.Stored, run.Bytes)
	}
}

// TestMailboxes exports several mailboxes at a time, with items of several chunks.
func TestMailboxes(t *testing.T) {
	s := lab.Scenario{Name: "several", Store: lab.StoreNowhere, Mailboxes: 3, Items: 6, MinItemSize: 50_000, MaxItemSize: 9_000_000, Repetitions: 1}
	r := measure(t, options(t), s)
	run := runsOf(t, r, report.Mailhaul, 1)[0]
	if r.Workload.Mailboxes != 3 || run.Items != 18 || len(run.Reports) != 3 {
		t.Errorf("%d reports, %d items", len(run.Reports), run.Items)
	}
}

// TestLimits checks that mailhaul stays below what simulated limits allow.
func TestLimits(t *testing.T) {
	s := lab.Scenario{
		Name: "limits", Store: lab.StoreNowhere, Items: 400, ItemSize: 10_000, Repetitions: 1,
		Latency: 20 * time.Millisecond, ResponseRate: 1_000_000,
	}
	r := measure(t, options(t), s)
	run := runsOf(t, r, report.Mailhaul, 1)[0]
	// Four responses of 1 MB/s are 3 MB/s at most after base64.
	if rate := float64(run.Bytes) / run.Seconds; r.Ceiling <= rate || r.Ceiling > 3e6 || run.Throttled != 0 {
		t.Errorf("%.0f bytes a second, ceiling %.0f, %d throttled", rate, r.Ceiling, run.Throttled)
	}
}

// TestUnprepared checks that the workload has the bytes of items that are made on request.
func TestUnprepared(t *testing.T) {
	s := lab.Scenario{Name: "made", Store: lab.StoreNowhere, Items: 300, ItemSize: 3000, Unprepared: true, Repetitions: 1}
	if r := measure(t, options(t), s); r.Workload.Items != 300 || r.Workload.Bytes < 300*2000 {
		t.Errorf("workload is %+v", r.Workload)
	}
}

// TestMinIOEnds checks that the lab does not wait for a server that has ended.
func TestMinIOEnds(t *testing.T) {
	binary, err := exec.LookPath("false")
	if err != nil {
		t.Skip(err)
	}
	opts := options(t)
	opts.MinIO = binary
	_, err = lab.Measure(t.Context(), opts, lab.Scenario{Name: "tiny", Store: lab.StoreS3, Items: 20})
	if err == nil || !strings.Contains(err.Error(), "the server ended at once") {
		t.Errorf("error is %v", err)
	}
}

func TestBadOptions(t *testing.T) {
	for name, opts := range map[string]lab.Options{
		"no command":    {},
		"repetitions":   {Command: mailhaul, Repetitions: -1},
		"no such MinIO": {Command: mailhaul, MinIO: "not-there"},
	} {
		if _, err := lab.Measure(t.Context(), opts); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestScenarioFails checks that the other scenarios are measured.
func TestScenarioFails(t *testing.T) {
	r, err := lab.Measure(t.Context(), options(t),
		lab.Scenario{Name: "without a store", Store: lab.StoreS3, Items: 20},
		lab.Scenario{Name: "tiny", Store: lab.StoreNowhere, Items: 20, Repetitions: 1})
	if err == nil || !strings.Contains(err.Error(), "no MinIO") || !strings.Contains(err.Error(), "without a store") {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Scenarios) != 1 || r.Scenarios[0].Scenario != "tiny" {
		t.Fatalf("the report is %+v", r)
	}
	if len(r.Failed) != 1 || r.Failed[0].Scenario != "without a store" || r.Failed[0].Contender != "" {
		t.Errorf("failed is %+v", r.Failed)
	}
}

// TestContenderFails checks that the result has no run of a contender that fails in a later
// repetition, and everything else.
func TestContenderFails(t *testing.T) {
	opts, calls := options(t), map[string]int{}
	opts.Command = func(ctx context.Context, args ...string) *exec.Cmd {
		if args[0] == "bench" { // baseline or stages
			if calls[args[1]]++; calls[args[1]] > 1 {
				return mailhaul(ctx, "bench", "nonsense")
			}
		}
		return mailhaul(ctx, args...)
	}
	opts.Cores = 1 // one process at a time measures stages
	r, err := lab.Measure(t.Context(), opts, lab.Scenario{Name: "tiny", Store: lab.StoreNowhere, Items: 20, Repetitions: 2, Baseline: true, Stages: true})
	if err == nil || !strings.Contains(err.Error(), "scenario tiny: baseline: ") || !strings.Contains(err.Error(), "scenario tiny: stages: ") {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Scenarios) != 1 {
		t.Fatalf("the report is %+v", r)
	}
	s := &r.Scenarios[0]
	runsOf(t, s, report.Mailhaul, 2)
	if len(s.Contenders) != 1 || s.Floor != nil || len(s.Stages) != 0 {
		t.Errorf("the result has what failed: %+v", s)
	}
	var failed []string
	for _, f := range r.Failed {
		if f.Scenario != "tiny" || !strings.Contains(f.Error, "nonsense") {
			t.Errorf("%+v", f)
		}
		failed = append(failed, f.Contender)
	}
	slices.Sort(failed)
	if diff := cmp.Diff([]string{report.Baseline, "stages"}, failed); diff != "" {
		t.Errorf("failed (-want +got):\n%s", diff)
	}
}

// TestReportForms checks that a report survives JSON, and that its other forms are complete.
func TestReportForms(t *testing.T) {
	opts := options(t)
	opts.CommandLine = "mailhaul bench"
	r, err := lab.Measure(t.Context(), opts, lab.Scenario{Name: "tiny", What: "a tiny mailbox", Store: lab.StoreNowhere, Items: 40, Repetitions: 1, Stages: true})
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	back := &report.Report{}
	if err := json.Unmarshal(data, back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("through JSON (-want +got):\n%s", diff)
	}
	var text, markdown bytes.Buffer
	if err := render.Text(&text, r, render.Style{}); err != nil {
		t.Fatal(err)
	}
	if err := render.Markdown(&markdown, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"mailhaul bench", "mailhaul test", "seed 7", "a tiny mailbox", "compress, mailhaul", "efficiency"} {
		if !strings.Contains(text.String(), want) || !strings.Contains(markdown.String(), want) {
			t.Errorf("%q is missing in\n%s\n%s", want, &text, &markdown)
		}
	}
}
