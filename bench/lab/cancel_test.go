package lab_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mailhaul/mailhaul/bench/lab"
	"github.com/mailhaul/mailhaul/bench/report"
)

// TestCanceled checks that all processes end with the context.
func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := lab.Measure(ctx, options(t), lab.Scenario{Name: "long", Store: lab.StoreNowhere, Items: 400_000, ItemSize: 3000, Unprepared: true}); err == nil {
		t.Error("no error")
	}
	checkDeleted(t)
}

// TestCanceledDeaf checks that processes which ignore interrupts are killed, and that the log has
// what is being deleted.
func TestCanceledDeaf(t *testing.T) {
	lab.SetWaitDelay(t, time.Hour) // a process that is not killed exceeds the time of the tests
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
		_, err := lab.Measure(ctx, opts, lab.Scenario{Name: "tiny", Store: lab.StoreNowhere, Items: 5, Repetitions: 1})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: error is %v", deaf, err)
		}
		checkDeleted(t)
		if !strings.Contains(log.String(), "deleting temporary data") || !strings.Contains(log.String(), os.TempDir()) {
			t.Errorf("%s: the log is %s", deaf, log)
		}
		cancel()
	}
}

// awaitFile returns when a file exists, or the context ends.
func awaitFile(ctx context.Context, file string) {
	for ctx.Err() == nil {
		if _, err := os.Stat(file); err == nil {
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// TestCanceledLater checks that the report has the scenarios that were complete.
func TestCanceledLater(t *testing.T) {
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
	s := lab.Scenario{Name: "first", Store: lab.StoreNowhere, Items: 20, Repetitions: 1}
	second := s
	second.Name = "second"
	r, err := lab.Measure(ctx, opts, s, second)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if r == nil || len(r.Scenarios) != 1 || r.Scenarios[0].Scenario != "first" || len(r.Failed) != 0 || r.Versions == nil {
		t.Errorf("the report is %+v", r)
	}
}

// TestSuiteCanceled checks that the goals of a suite without results are left out.
func TestSuiteCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r, err := lab.Suite(ctx, options(t))
	if !errors.Is(err, context.Canceled) || r == nil || len(r.Goals) == 0 || len(r.Failed) != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	for _, g := range r.Goals {
		if g.Outcome != report.LeftOut || g.Measured != "not measured" {
			t.Errorf("%+v", g)
		}
	}
}
