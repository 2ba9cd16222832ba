package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/restore"
)

// A progress shows how long work goes: a line that changes on a terminal, a log
// line now and then elsewhere.
type progress struct {
	quit chan struct{}
	done sync.WaitGroup
}

// A state describes work under way, for people and for the log.
type state func(elapsed time.Duration) (line string, attrs []slog.Attr)

const (
	lineInterval = 200 * time.Millisecond
	logInterval  = 30 * time.Second
)

func (a *app) startProgress(now state) *progress {
	p := &progress{quit: make(chan struct{})}
	interval, show := logInterval, a.logState
	if f, ok := a.err.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		interval, show = lineInterval, func(line string, _ []slog.Attr) { redraw(f, line) }
	}
	started := time.Now()
	p.done.Go(func() {
		tick := time.NewTicker(interval)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				show(now(time.Since(started)))
			case <-p.quit:
				if interval == lineInterval {
					redraw(a.err, "")
				}
				return
			}
		}
	})
	return p
}

// stop ends the display and leaves the line empty.
func (p *progress) stop() {
	close(p.quit)
	p.done.Wait()
}

func (a *app) logState(_ string, attrs []slog.Attr) {
	a.log.LogAttrs(context.Background(), slog.LevelInfo, "progress", attrs...)
}

// redraw writes over the terminal's current line.
func redraw(w io.Writer, line string) {
	width := 80
	if f, ok := w.(*os.File); ok {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			width = n
		}
	}
	if runes := []rune(line); len(runes) >= width {
		line = string(runes[:width-1])
	}
	fmt.Fprintf(w, "\r%s\x1b[K", line)
}

// exportLine describes an export.
func exportLine(job pipeline.Job, p *pipeline.Progress) state {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		stats := job.Source.Stats()
		done := p.Exported.Load() + p.Skipped.Load() + p.Failed.Load() + p.Gone.Load() + p.LeftOut.Load()
		arrived, expected := p.Arrived.Load(), p.Expected.Load()
		rate := int64(float64(arrived) / elapsed.Seconds())
		line := fmt.Sprintf("exporting %s of %s items  %s in, %s stored  %s/s", comma(done), comma(expected), size(arrived), size(p.Stored.Load()), size(rate))
		if n := p.Failed.Load(); n > 0 {
			line += fmt.Sprintf("  %s failed", comma(n))
		}
		if stats.Throttled > 0 {
			line += fmt.Sprintf("  %s throttled", comma(stats.Throttled))
		}
		if b := stats.Budget; b.Allowed > 0 {
			line += fmt.Sprintf("  %s of %s requests", comma(int64(b.Used)), comma(int64(b.Allowed)))
		}
		line += left(elapsed, done, expected)
		return line, []slog.Attr{
			slog.String("mailbox", job.Mailbox.ID), slog.Int64("done", done), slog.Int64("expected", expected),
			slog.Int64("failed", p.Failed.Load()), slog.Int64("arrived", arrived), slog.Int64("stored", p.Stored.Load()),
			slog.Int64("bytesPerSecond", rate), slog.Int64("throttled", stats.Throttled),
			slog.Int64("requests", stats.Requests), slog.Int("budgetUsed", stats.Budget.Used), slog.Int("budgetAllowed", stats.Budget.Allowed),
		}
	}
}

// verifyLine describes a verification.
func verifyLine(p *restore.VerifyProgress) state {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		read, packs, bytes := p.PacksRead.Load(), p.Packs.Load(), p.BytesRead.Load()
		rate := int64(float64(bytes) / elapsed.Seconds())
		line := fmt.Sprintf("verifying %s of %s packs  %s  %s/s", comma(read), comma(packs), size(bytes), size(rate))
		return line + left(elapsed, read, packs), []slog.Attr{
			slog.Int64("packsRead", read), slog.Int64("packs", packs), slog.Int64("bytesRead", bytes), slog.Int64("bytesPerSecond", rate),
		}
	}
}

// copyLine describes a copy.
func copyLine(p *replicate.Progress) state {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		done, all, bytes, expected := p.Done.Load(), p.Snapshots.Load(), p.Bytes.Load(), p.Expected.Load()
		rate := int64(float64(bytes) / elapsed.Seconds())
		line := fmt.Sprintf("copying %s of %s snapshots  %s objects, %s  %s/s", comma(done), comma(all), comma(p.Copied.Load()), size(bytes), size(rate))
		return line + left(elapsed, bytes, expected), []slog.Attr{
			slog.Int64("snapshotsDone", done), slog.Int64("snapshots", all), slog.Int64("objects", p.Copied.Load()),
			slog.Int64("bytes", bytes), slog.Int64("expected", expected), slog.Int64("bytesPerSecond", rate),
		}
	}
}

// left estimates the time that is left, once there is something to go by.
func left(elapsed time.Duration, done, expected int64) string {
	if done == 0 || expected <= done || elapsed < 2*time.Second {
		return ""
	}
	d := time.Duration(float64(elapsed) / float64(done) * float64(expected-done)).Round(time.Second)
	return "  " + strings.TrimSuffix(d.String(), "m0s") + " left"
}
