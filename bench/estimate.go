package bench

import (
	"fmt"
	"math"
	"runtime"

	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/bench/report"
)

// A Plan is what to export, and with what.
type Plan struct {
	Mailboxes int     // 0: there is nothing to estimate
	Gigabytes float64 // of each mailbox; as much as was measured if zero
	Machines  int     // like this one; 1 if zero
	Bandwidth int64   // bytes a second that each machine can upload; 0: unknown
}

const (
	gb = 1e9

	// budgetSeconds is the time for which Graph's request budget of a mailbox holds.
	budgetSeconds = 600

	memoryShare      = 0.75     // of a machine's memory, for mailboxes
	memoryPerMailbox = 52 << 20 // bytes for each mailbox after the first
)

// estimate returns how long the plan takes if the mailboxes do not slow each other down.
func (p Plan) estimate(r *report.Run, m report.Machine) *report.Estimate {
	if r.Bytes == 0 || r.Seconds == 0 {
		return nil
	}
	e := &report.Estimate{Mailboxes: p.Mailboxes, Bytes: int64(p.Gigabytes * gb), Machines: max(1, p.Machines)}
	if e.Bytes == 0 {
		e.Bytes = r.Bytes
	}
	e.Longest, e.BudgetBound = mailboxSeconds(e.Bytes, r)
	e.Rate = float64(e.Bytes) / e.Longest
	parallel, limit := p.parallel(e.Rate, r, m)
	e.Parallel, e.ParallelLimit = int(min(max(1, parallel), float64(e.Mailboxes))), limit
	all := float64(e.Bytes) * float64(e.Mailboxes)
	e.Seconds = e.Longest * math.Ceil(float64(e.Mailboxes)/float64(e.Machines*e.Parallel))
	e.CPU = r.CPUPerGB() * all / gb
	e.Stored = int64(float64(r.Stored) / float64(r.Bytes) * all)
	e.Assumptions = p.assumptions(e)
	return e
}

// mailboxSeconds returns the time for a mailbox, and whether Graph's request budget prolongs it: a
// short measurement does not use up the budget.
func mailboxSeconds(bytes int64, r *report.Run) (seconds float64, budgetBound bool) {
	unbounded := float64(bytes) / r.Rate()
	allowed := float64(r.Reports[0].Budget.Allowed)
	requests := float64(bytes) / float64(r.Bytes) * float64(r.Requests)
	if allowed == 0 || requests <= allowed || requests/unbounded*budgetSeconds <= allowed {
		return unbounded, false
	}
	full := math.Ceil(requests/allowed) - 1
	return full*budgetSeconds + (requests-full*allowed)/requests*unbounded, true
}

// parallel returns how many mailboxes of a rate a machine can export at a time, and what limits
// that number.
func (p Plan) parallel(rate float64, r *report.Run, m report.Machine) (mailboxes float64, limit string) {
	mailboxes, limit = math.Inf(1), "cpu"
	bound := func(by string, n float64) {
		if n < mailboxes {
			mailboxes, limit = n, by
		}
	}
	if cpu := r.CPUPerGB() / gb; cpu > 0 {
		bound("cpu", float64(min(m.Cores, runtime.GOMAXPROCS(0)))/cpu/rate)
	}
	if p.Bandwidth > 0 && r.Stored > 0 {
		bound("bandwidth", float64(p.Bandwidth)*float64(r.Bytes)/float64(r.Stored)/rate)
	}
	if r.Peak > 0 && m.Memory > 0 {
		bound("memory", 1+(memoryShare*float64(m.Memory)-float64(r.Peak))/memoryPerMailbox)
	}
	// The machine's mailboxes share these two. A stage that computes while cores are idle is
	// limited by its own workers, which each mailbox has.
	if b := r.Reports[0].Bottleneck; b == "cpu" || b == "upload" {
		bound(b, r.Rate()/rate)
	}
	return mailboxes, limit
}

func (p Plan) assumptions(e *report.Estimate) []string {
	all := []string{
		"Graph limits each mailbox of an app separately, so mailboxes do not slow each other down; limits of a whole tenant are not published",
		"all mailboxes are like the measured part of this one, in items and in compression",
		"a GB is 10⁹ bytes of FastTransfer streams, which may be more than the size that Exchange shows: see the expansion of this mailbox",
		parallelAssumption(e),
	}
	if p.Bandwidth == 0 {
		all = append(all, "network and store are fast enough: their limits were not measured; set them with --bandwidth")
	}
	if e.BudgetBound {
		all = append(all, "the requests that Graph allows a mailbox in ten minutes limit the rate; the measurement was too short to use them up")
	}
	return all
}

func parallelAssumption(e *report.Estimate) string {
	words := fmt.Sprintf("each machine exports %d %s at a time", e.Parallel, english.PluralWord(e.Parallel, "mailbox", ""))
	if e.Parallel < e.Mailboxes {
		words += ", which uses up its " + resourceNames[e.ParallelLimit]
	}
	return words + "; all machines are like this one"
}

// resourceNames are the words for limits of parallel mailboxes.
var resourceNames = map[string]string{
	"cpu": "CPU", "bandwidth": "bandwidth", "memory": "memory", "upload": "connection to the store",
}
