package observe

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/pipeline"
)

// A tally is the sum of what exports did so far.
type tally struct {
	mailboxes                                   int64 // started
	expected, exported, skipped                 int64 // items
	failed, gone, leftOut                       int64
	arrived, stored, packs, requests, throttled int64
	budget                                      graph.Budget // of the last mailbox that was added
	running                                     int64
}

// done returns the number of items with an outcome.
func (t *tally) done() int64 { return t.exported + t.skipped + t.failed + t.gone + t.leftOut }

func (t *tally) add(r *running) {
	p, stats := r.progress, r.source.Stats()
	t.mailboxes++
	t.expected += p.Expected.Load()
	t.exported += p.Exported.Load()
	t.skipped += p.Skipped.Load()
	t.failed += p.Failed.Load()
	t.gone += p.Gone.Load()
	t.leftOut += p.LeftOut.Load()
	t.arrived += p.Arrived.Load()
	t.stored += p.Stored.Load()
	t.packs += p.Packs.Load()
	t.requests += stats.Requests
	t.throttled += stats.Throttled
	t.budget = stats.Budget
}

// A running is the export of a mailbox under way.
type running struct {
	source   *graph.MailboxClient
	progress *pipeline.Progress
}

// Exports are the exports of a command.
type Exports struct {
	mailboxes int64 // in all

	mu       sync.Mutex
	running  map[*running]bool
	finished tally
}

// NewExports returns the exports of a number of mailboxes. None has started.
func NewExports(mailboxes int) *Exports {
	return &Exports{mailboxes: int64(mailboxes), running: map[*running]bool{}}
}

// Begin adds an export that counts in progress until end is called.
func (e *Exports) Begin(job pipeline.Job) (progress *pipeline.Progress, end func()) {
	r := &running{job.Source, &pipeline.Progress{}}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.running[r] = true
	return r.progress, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		delete(e.running, r)
		e.finished.add(r)
	}
}

func (e *Exports) tally() tally {
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.finished
	t.running = int64(len(e.running))
	for r := range e.running {
		t.add(r)
	}
	return t
}

// State describes the exports.
func (e *Exports) State(elapsed time.Duration) (string, []slog.Attr) {
	t := e.tally()
	done := t.done()
	rate := int64(float64(t.arrived) / elapsed.Seconds())
	line := "exporting "
	if e.mailboxes > 1 {
		line += fmt.Sprintf("%s of %s  ", text.Comma(t.mailboxes), text.Many(e.mailboxes, "mailbox"))
	}
	line += fmt.Sprintf("%s of %s  %s in, %s stored  %s/s", text.Comma(done), text.Many(t.expected, "item"), text.Size(t.arrived), text.Size(t.stored), text.Size(rate))
	if t.failed > 0 {
		line += fmt.Sprintf("  %s failed", text.Comma(t.failed))
	}
	if t.throttled > 0 {
		line += fmt.Sprintf("  %s throttled", text.Comma(t.throttled))
	}
	if b := t.budget; e.mailboxes == 1 && b.Allowed > 0 {
		line += fmt.Sprintf("  %s of %s", text.Comma(int64(b.Used)), text.Many(int64(b.Allowed), "request"))
	}
	if t.mailboxes == e.mailboxes { // otherwise more items are expected than are known
		line += remaining(elapsed, done, t.expected)
	}
	return line, e.attrs(&t, rate)
}

func (e *Exports) attrs(t *tally, rate int64) []slog.Attr {
	attrs := []slog.Attr{
		slog.Int64("mailboxes", e.mailboxes), slog.Int64("running", t.running), slog.Int64("over", t.mailboxes-t.running),
		slog.Int64("done", t.done()), slog.Int64("expected", t.expected),
		slog.Int64("failed", t.failed), slog.Int64("arrived", t.arrived), slog.Int64("stored", t.stored),
		slog.Int64("bytesPerSecond", rate), slog.Int64("throttled", t.throttled), slog.Int64("requests", t.requests),
	}
	if e.mailboxes == 1 {
		attrs = append(attrs, slog.Int("budgetUsed", t.budget.Used), slog.Int("budgetAllowed", t.budget.Allowed))
	}
	return attrs
}
