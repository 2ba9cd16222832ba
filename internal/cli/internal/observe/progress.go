package observe

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/restore"
)

// A Progress shows how far work has come: on a terminal by a line that changes, elsewhere by log
// records.
type Progress struct {
	quit chan struct{}
	done sync.WaitGroup
}

// A State describes work under way, for people and for the log.
type State func(elapsed time.Duration) (line string, attrs []slog.Attr)

const (
	lineInterval = 200 * time.Millisecond
	logInterval  = 30 * time.Second
)

// StartProgress shows a state again and again, until Stop is called.
func (c *Console) StartProgress(log *slog.Logger, now State) *Progress {
	p := &Progress{quit: make(chan struct{})}
	interval, show := logInterval, func(_ string, attrs []slog.Attr) {
		log.LogAttrs(context.Background(), slog.LevelInfo, "progress", attrs...)
	}
	if c.tty != nil {
		interval, show = lineInterval, func(line string, _ []slog.Attr) { c.show(line) }
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
				c.show("")
				return
			}
		}
	})
	return p
}

// Stop ends the display and clears the line.
func (p *Progress) Stop() {
	close(p.quit)
	p.done.Wait()
}

// VerifyState describes a verification.
func VerifyState(p *restore.VerifyProgress) State {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		read, packs, bytes := p.PacksRead.Load(), p.Packs.Load(), p.BytesRead.Load()
		rate := int64(float64(bytes) / elapsed.Seconds())
		line := fmt.Sprintf("verifying %s of %s  %s  %s/s", text.Comma(read), text.Many(packs, "pack"), text.Size(bytes), text.Size(rate))
		return line + remaining(elapsed, read, packs), []slog.Attr{
			slog.Int64("packsRead", read), slog.Int64("packs", packs), slog.Int64("bytesRead", bytes), slog.Int64("bytesPerSecond", rate),
		}
	}
}

// CopyState describes a copy.
func CopyState(p *replicate.Progress) State {
	return func(elapsed time.Duration) (string, []slog.Attr) {
		done, all, bytes, expected := p.Done.Load(), p.Snapshots.Load(), p.Bytes.Load(), p.Expected.Load()
		rate := int64(float64(bytes) / elapsed.Seconds())
		line := fmt.Sprintf("copying %s of %s  %s, %s  %s/s", text.Comma(done), text.Many(all, "snapshot"), text.Many(p.Copied.Load(), "object"), text.Size(bytes), text.Size(rate))
		return line + remaining(elapsed, bytes, expected), []slog.Attr{
			slog.Int64("snapshotsDone", done), slog.Int64("snapshots", all), slog.Int64("objects", p.Copied.Load()),
			slog.Int64("bytes", bytes), slog.Int64("expected", expected), slog.Int64("bytesPerSecond", rate),
		}
	}
}

// remaining estimates the remaining time, unless it is too early for that.
func remaining(elapsed time.Duration, done, expected int64) string {
	if done == 0 || expected <= done || elapsed < 2*time.Second {
		return ""
	}
	d := time.Duration(float64(elapsed) / float64(done) * float64(expected-done)).Round(time.Second)
	return "  " + strings.TrimSuffix(d.String(), "m0s") + " left"
}
