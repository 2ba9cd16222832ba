package render

import (
	"fmt"

	"github.com/mailhaul/mailhaul/bench/report"
)

// tenantRun returns the run of a tenant's mailbox; nil if there is none.
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
	g.add("stored in", storeWords(t))
	if run == nil {
		return g
	}
	g.addRates(t, run)
	g.add("requests", fmt.Sprintf("%s; %s were throttled (429); workers were throttled for %s in total", count(run.Requests), count(run.Throttled), seconds(t.Throttled)))
	if b := t.Budget; b.Allowed > 0 {
		g.add("budget", fmt.Sprintf("%s of %s requests in the last ten minutes", count(int64(b.Used)), count(int64(b.Allowed))))
	}
	if run.Bytes > 0 {
		g.add("CPU", number(run.CPUPerGB())+" s per GB")
	}
	if run.Peak > 0 {
		g.add("memory", number(float64(run.Peak)/mib)+" MiB at the peak")
	}
	g.add("bottleneck", orNone(t.Bottleneck))
	if l := t.Leftovers; l != nil {
		g.add("not deleted", fmt.Sprintf("%s, %s, and %s stay below %s: %s", several(int64(l.Objects), "object"), size(float64(l.Bytes)), several(int64(l.Versions), "version"), l.Prefix, l.Error))
	}
	return g
}

// addRates adds what was exported, and how fast.
func (g *grid) addRates(t *report.Tenant, run *report.Run) {
	g.add("exported", fmt.Sprintf("%s items, %s in %s: %s", count(run.Items), size(float64(run.Bytes)), seconds(run.Seconds), endingWords(t.Ended)))
	if f := failedOf([]report.Run{*run}); f != "" {
		g.add("failed", f)
	}
	if run.Seconds > 0 {
		g.add("items", number(float64(run.Items)/run.Seconds)+" a second")
		g.add("decoded", number(run.Rate()/mb)+" MB/s")
		g.add("stored", number(float64(run.Stored)/run.Seconds/mb)+" MB/s")
	}
	if run.Stored > 0 {
		g.add("compression", number(float64(run.Bytes)/float64(run.Stored))+" : 1")
	}
	if t.Expansion > 0 {
		g.add("expansion", "streams are "+number(t.Expansion)+" times as long as the items according to Graph")
	}
}

func orNone(s string) string {
	if s == "" {
		return none
	}
	return s
}

func storeWords(t *report.Tenant) string {
	if t.Store == "" {
		return "nowhere: the measurement had no store"
	}
	if t.Leftovers != nil {
		return t.Store + ", below a new prefix"
	}
	return t.Store + ", below a new prefix that was deleted"
}

func endingWords(e report.Ending) string {
	switch e {
	case report.EndedInTime:
		return "the time was over"
	case report.EndedComplete:
		return "the whole mailbox"
	case report.EndedInterrupted:
		return "interrupted"
	}
	return "failed"
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
	title := fmt.Sprintf("Estimate for %s of %s", mailboxes(e.Mailboxes), size(float64(e.Bytes)))
	g := newGrid(title, []string{"what", "estimate"})
	g.add("time", fmt.Sprintf("%s with %s, %s at a time on each", seconds(e.Seconds), several(int64(e.Machines), "machine"), mailboxes(e.Parallel)))
	g.add("one mailbox", fmt.Sprintf("%s, at %s MB/s", seconds(e.Longest), number(e.Rate/mb)))
	g.add("limit of each machine", e.ParallelLimit)
	g.add("CPU", seconds(e.CPU)+" in total")
	g.add("stored", size(float64(e.Stored)))
	return g
}
