package bench

import (
	"fmt"
	"math"
	"runtime"

	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/pipeline"
)

// A Plan is what to haul, and with what.
type Plan struct {
	Mailboxes int     // 0: nothing is to be estimated
	Gigabytes float64 // of each; what was measured if zero
	Machines  int     // like this one; 1 if zero
	Bandwidth int64   // bytes a second that each machine's line and its bucket take; 0: not known
}

// An Estimate is how long a Plan would take by what was measured of one mailbox.
type Estimate struct {
	Mailboxes int     `json:"mailboxes"`
	Bytes     int64   `json:"bytes"` // of each mailbox
	Machines  int     `json:"machines"`
	Rate      float64 `json:"rate"`      // bytes a second of one mailbox that can be kept up
	Parallel  int     `json:"parallel"`  // mailboxes at once on a machine, before Saturates does
	Saturates string  `json:"saturates"` // cpu, bandwidth, memory, or what the one mailbox was limited by
	Seconds   float64 `json:"seconds"`   // for all
	Longest   float64 `json:"longest"`   // seconds for one mailbox, which more machines do not shorten
	CPU       float64 `json:"cpu"`       // CPU seconds for all
	Stored    int64   `json:"stored"`    // bytes for all
	Budgeted  bool    `json:"budgeted"`  // the requests allowed in ten minutes are what bounds Rate

	Assumptions []string `json:"assumptions"`
}

// budgetSeconds is the time for which Graph allows a mailbox a number of requests.
const budgetSeconds = 600

// Of a machine's memory, mailboxes may take a share; each one after the first takes so many bytes.
const (
	memoryShare   = 0.75
	memoryFurther = 52 << 20
)

// estimate works out how long the plan takes, if what bounds a mailbox bounds each one by itself.
func (p Plan) estimate(r *Run, m Machine) *Estimate {
	if r.Bytes == 0 || r.Seconds == 0 {
		return nil
	}
	e := &Estimate{Mailboxes: p.Mailboxes, Bytes: int64(p.Gigabytes * gb), Machines: max(1, p.Machines), Rate: r.rate()}
	if e.Bytes == 0 {
		e.Bytes = r.Bytes
	}
	e.Longest = e.longest(r)
	e.Rate = float64(e.Bytes) / e.Longest
	e.saturate(p, r, m)
	all := float64(e.Bytes) * float64(e.Mailboxes)
	e.Seconds = e.Longest * math.Ceil(float64(e.Mailboxes)/float64(e.Machines*e.Parallel))
	e.CPU = perGB(r.CPU(), r.Bytes) * all / gb
	e.Stored = int64(float64(r.Stored) / float64(r.Bytes) * all)
	e.assume(p)
	return e
}

// longest returns the seconds for one mailbox, with the requests that are allowed in ten minutes: a short measurement
// does not use them up, nor does a small mailbox.
func (e *Estimate) longest(r *Run) float64 {
	unbounded := float64(e.Bytes) / r.rate()
	allowed := float64(r.Reports[0].Budget.Allowed)
	requests := float64(e.Bytes) / float64(r.Bytes) * float64(r.Requests)
	if allowed == 0 || requests <= allowed || requests/unbounded*budgetSeconds <= allowed {
		return unbounded
	}
	e.Budgeted = true
	full := math.Ceil(requests/allowed) - 1
	return full*budgetSeconds + (requests-full*allowed)/requests*unbounded
}

// saturate finds how many mailboxes a machine hauls at once before something other than Graph is what bounds them.
func (e *Estimate) saturate(p Plan, r *Run, m Machine) {
	e.Saturates = "cpu"
	at := math.Inf(1)
	bound := func(what string, mailboxes float64) {
		if mailboxes < at {
			e.Saturates, at = what, mailboxes
		}
	}
	if cpu := perGB(r.CPU(), r.Bytes) / gb; cpu > 0 {
		bound("cpu", float64(min(m.Cores, runtime.GOMAXPROCS(0)))/cpu/e.Rate)
	}
	if p.Bandwidth > 0 && r.Stored > 0 {
		bound("bandwidth", float64(p.Bandwidth)*float64(r.Bytes)/float64(r.Stored)/e.Rate)
	}
	if r.Peak > 0 && m.Memory > 0 {
		bound("memory", 1+(memoryShare*float64(m.Memory)-float64(r.Peak))/memoryFurther)
	}
	if b := r.Reports[0].Bottleneck; limitsMachine(b) {
		bound(b, r.rate()/e.Rate)
	}
	e.Parallel = int(min(max(1, at), float64(e.Mailboxes)))
}

// limitsMachine tells whether a bottleneck is one of the machine or its store, which more mailboxes only share. A stage that
// computes while there are cores to spare is held back by its own workers, which each mailbox has.
func limitsMachine(bottleneck string) bool { return bottleneck == "cpu" || bottleneck == "upload" }

func (e *Estimate) assume(p Plan) {
	e.Assumptions = []string{
		"Graph's limits hold for an app and a mailbox, so that mailboxes do not slow each other down; what a tenant as a whole allows is not published",
		"all mailboxes are like the measured part of this one, in items and in how well they compress",
		"a GB is 10⁹ bytes of FastTransfer streams, which may be more than the size that Exchange shows: see the expansion of this mailbox",
		e.parallel(),
	}
	if p.Bandwidth == 0 {
		e.Assumptions = append(e.Assumptions, "the line and the store take as much: what they take at most was not measured; give it with --bandwidth")
	}
	if e.Budgeted {
		e.Assumptions = append(e.Assumptions, "the requests that Graph allows a mailbox in ten minutes bound the rate; the measurement was too short to use them up")
	}
}

// parallel says how many mailboxes a machine hauls at once, and why no more.
func (e *Estimate) parallel() string {
	words := fmt.Sprintf("%d %s at once on each machine", e.Parallel, english.PluralWord(e.Parallel, "mailbox", ""))
	if e.Parallel < e.Mailboxes {
		words += ", which uses up its " + saturated[e.Saturates]
	}
	return words + "; machines are like this one"
}

// saturated says in words what is used up.
var saturated = map[string]string{
	"cpu": "CPU", "bandwidth": "bandwidth", "memory": "memory", "upload": "way to the store",
}

// stageNamed returns a stage of an export, which is zero if there is none.
func stageNamed(e *pipeline.Report, name string) pipeline.Stage {
	for _, s := range e.Stages {
		if s.Name == name {
			return s
		}
	}
	return pipeline.Stage{Name: name}
}
