package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

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
	if a.console.tty != nil {
		interval, show = lineInterval, func(line string, _ []slog.Attr) { a.console.show(line) }
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
				a.console.show("")
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

// verifyLine describes a verification.
func verifyLine(p *restore.VerifyProgress) state {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		read, packs, bytes := p.PacksRead.Load(), p.Packs.Load(), p.BytesRead.Load()
		rate := int64(float64(bytes) / elapsed.Seconds())
		line := fmt.Sprintf("verifying %s of %s  %s  %s/s", comma(read), many(packs, "pack"), size(bytes), size(rate))
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
		line := fmt.Sprintf("copying %s of %s  %s, %s  %s/s", comma(done), many(all, "snapshot"), many(p.Copied.Load(), "object"), size(bytes), size(rate))
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
