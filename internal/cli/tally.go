package cli

import (
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline"
)

// A tally sums up what exports did so far.
type tally struct {
	mailboxes                                   int64 // that were begun
	expected, exported, skipped                 int64 // items
	failed, gone, leftOut                       int64
	arrived, stored, packs, requests, throttled int64
	budget                                      graph.Budget // of one mailbox, if it is the only one
	running                                     int64
}

// done is how many items met their end.
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

// A running export is one of a mailbox under way.
type running struct {
	source   *graph.MailboxClient
	progress *pipeline.Progress
}

// A haul is what the exports of a command do together.
type haul struct {
	of int64 // mailboxes

	mu      sync.Mutex
	running map[*running]bool
	over    tally
}

func newHaul(mailboxes int) *haul {
	return &haul{of: int64(mailboxes), running: map[*running]bool{}}
}

// begin counts an export in, until end is called.
func (h *haul) begin(job pipeline.Job) (progress *pipeline.Progress, end func()) {
	r := &running{job.Source, &pipeline.Progress{}}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running[r] = true
	return r.progress, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.running, r)
		h.over.add(r)
	}
}

func (h *haul) tally() tally {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.over
	t.running = int64(len(h.running))
	for r := range h.running {
		t.add(r)
	}
	return t
}

// line describes the exports.
func (h *haul) line(elapsed time.Duration) (string, []slog.Attr) {
	t := h.tally()
	done := t.done()
	rate := int64(float64(t.arrived) / elapsed.Seconds())
	line := "exporting "
	if h.of > 1 {
		line += fmt.Sprintf("%s of %s  ", comma(t.mailboxes), many(h.of, "mailbox"))
	}
	line += fmt.Sprintf("%s of %s  %s in, %s stored  %s/s", comma(done), many(t.expected, "item"), size(t.arrived), size(t.stored), size(rate))
	if t.failed > 0 {
		line += fmt.Sprintf("  %s failed", comma(t.failed))
	}
	if t.throttled > 0 {
		line += fmt.Sprintf("  %s throttled", comma(t.throttled))
	}
	if b := t.budget; h.of == 1 && b.Allowed > 0 {
		line += fmt.Sprintf("  %s of %s", comma(int64(b.Used)), many(int64(b.Allowed), "request"))
	}
	if t.mailboxes == h.of { // else there is more to come than is known
		line += left(elapsed, done, t.expected)
	}
	return line, h.attrs(&t, rate)
}

func (h *haul) attrs(t *tally, rate int64) []slog.Attr {
	attrs := []slog.Attr{
		slog.Int64("mailboxes", h.of), slog.Int64("running", t.running), slog.Int64("over", t.mailboxes-t.running),
		slog.Int64("done", t.done()), slog.Int64("expected", t.expected),
		slog.Int64("failed", t.failed), slog.Int64("arrived", t.arrived), slog.Int64("stored", t.stored),
		slog.Int64("bytesPerSecond", rate), slog.Int64("throttled", t.throttled), slog.Int64("requests", t.requests),
	}
	if h.of == 1 {
		attrs = append(attrs, slog.Int("budgetUsed", t.budget.Used), slog.Int("budgetAllowed", t.budget.Allowed))
	}
	return attrs
}
