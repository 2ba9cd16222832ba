package render

import (
	"fmt"

	"github.com/mailhaul/mailhaul/bench/report"
)

// tenantRun returns the run of a measurement of a tenant; nil if there is none.
func tenantRun(r *report.Report) *report.Run {
	if r.Tenant == nil || len(r.Scenarios) == 0 {
		return nil
	}
	return firstRun(&r.Scenarios[0])
}

func tenantGrid(r *report.Report) *grid {
	t, run := r.Tenant, tenantRun(r)
	title := "The mailbox " + t.Mailbox
	if t.User != "" {
		title = "The mailbox of " + t.User
	}
	g := newGrid(plain(title), []string{"what", "measured"})
	g.add("stored at", place(t))
	if run == nil {
		return g
	}
	g.add("hauled", fmt.Sprintf("%s items, %s in %s: %s", count(run.Items), size(float64(run.Bytes)), seconds(run.Seconds), ended(t)))
	if f := failedOf([]report.Run{*run}); f != "" {
		g.add("failed", f)
	}
	if run.Seconds > 0 {
		g.add("items", number(float64(run.Items)/run.Seconds)+" a second")
		g.add("decoded", number(float64(run.Bytes)/run.Seconds/mb)+" MB/s")
		g.add("stored", number(float64(run.Stored)/run.Seconds/mb)+" MB/s")
	}
	if run.Stored > 0 {
		g.add("compression", number(float64(run.Bytes)/float64(run.Stored))+" : 1")
	}
	if t.Expansion > 0 {
		g.add("expansion", "streams are "+number(t.Expansion)+" times as long as Graph says that the items are")
	}
	g.add("requests", fmt.Sprintf("%s, %s refused by Graph (429); workers were held back for %s in all", count(run.Requests), count(run.Throttled), seconds(t.Throttled)))
	if b := t.Budget; b.Allowed > 0 {
		g.add("budget", fmt.Sprintf("%s of %s requests in the last ten minutes", count(int64(b.Used)), count(int64(b.Allowed))))
	}
	if run.Bytes > 0 {
		g.add("CPU", number(run.CPU()/float64(run.Bytes)*1e9)+" s per GB")
	}
	if run.Peak > 0 {
		g.add("memory", number(float64(run.Peak)/mib)+" MiB at most")
	}
	g.add("bottleneck", orNone(t.Bottleneck))
	if l := t.Leftovers; l != nil {
		g.add("not deleted", fmt.Sprintf("%s, %s, and %s stay below %s: %s", several(int64(l.Objects), "object"), size(float64(l.Bytes)), several(int64(l.Versions), "version"), l.Prefix, l.Error))
	}
	return g
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

func place(t *report.Tenant) string {
	if t.Store == "" {
		return "nowhere: Graph alone was measured"
	}
	if t.Leftovers != nil {
		return t.Store + ", in a place of its own"
	}
	return t.Store + ", in a place of its own that was deleted"
}

func ended(t *report.Tenant) string {
	switch t.Ended {
	case report.EndedInTime:
		return "as long as was wanted"
	case report.EndedComplete:
		return "the mailbox has no more"
	case report.EndedInterrupted:
		return "it was interrupted"
	}
	return "it failed"
}

func mailboxes(n int) string {
	if n == 1 {
		return "1 mailbox"
	}
	return count(int64(n)) + " mailboxes"
}

func estimateGrid(e *report.Estimate) *grid {
	if e == nil {
		return &grid{}
	}
	title := fmt.Sprintf("What %s of %s would take", mailboxes(e.Mailboxes), size(float64(e.Bytes)))
	g := newGrid(title, []string{"what", "estimate"})
	g.add("time", fmt.Sprintf("%s with %s, %s at once on each", seconds(e.Seconds), several(int64(e.Machines), "machine"), mailboxes(e.Parallel)))
	g.add("one mailbox", fmt.Sprintf("%s, at %s MB/s", seconds(e.Longest), number(e.Rate/mb)))
	g.add("used up first", e.ParallelLimit)
	g.add("CPU", seconds(e.CPU)+" in all")
	g.add("stored", size(float64(e.Stored)))
	return g
}
