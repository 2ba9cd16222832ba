// Package report is the result of a benchmark as data: what package bench measures of a tenant
// and package lab of scenarios, and what package render shows.
//
// All bytes are those of FastTransfer streams, before base64 and compression, unless a comment
// says otherwise. A GB is 10⁹ bytes.
package report

import (
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/pipeline"
)

// A Report is the result of one benchmark. A later version may add JSON members. It neither removes
// one nor changes its meaning.
type Report struct {
	Started   time.Time         `json:"started"`
	Seconds   float64           `json:"seconds"` // duration of the benchmark
	Command   string            `json:"command"` // repeats the benchmark
	Seed      uint64            `json:"seed"`    // of simulated content
	Machine   Machine           `json:"machine"`
	Versions  map[string]string `json:"versions"` // of Go, mailhaul and the other programs that ran
	Scenarios []Result          `json:"scenarios"`
	Failed    []Failure         `json:"failed,omitempty"`
	Goals     []Goal            `json:"goals,omitempty"`  // of a suite
	Tenant    *Tenant           `json:"tenant,omitempty"` // of a tenant's mailbox
}

// A Failure is the reason why a scenario, or one contender in it, has no result.
type Failure struct {
	Scenario  string `json:"scenario"`
	Contender string `json:"contender,omitempty"` // empty if the whole scenario failed
	Error     string `json:"error"`
}

// A Machine describes the computer that ran the benchmark.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPU    string `json:"cpu,omitempty"` // model name; empty if unknown
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory,omitempty"` // bytes; 0 if unknown
}

// A Result is what a scenario measured.
type Result struct {
	Scenario   string      `json:"scenario"` // name
	What       string      `json:"what"`     // in a few words
	Store      string      `json:"store"`    // kind of store, such as s3, file or nowhere
	Workload   Workload    `json:"workload"`
	Contenders []Contender `json:"contenders"`           // mailhaul is the first
	Stages     []StageCost `json:"stages,omitempty"`     // in the order of the data's path
	Floor      *Spread     `json:"floor,omitempty"`      // CPU seconds per GB
	Efficiency *Spread     `json:"efficiency,omitempty"` // floor divided by mailhaul's CPU time, by repetition
	Ceiling    float64     `json:"ceiling,omitempty"`    // bytes a second that the simulated limits allow
	Stream     int64       `json:"stream,omitempty"`     // bytes of one zstd stream over all items
	PackReads  int64       `json:"packReads,omitempty"`  // GETs of packs to extract one item
	Curves     []Curve     `json:"curves,omitempty"`
}

// A Workload is what a scenario exports.
type Workload struct {
	Mailboxes int   `json:"mailboxes"`
	Items     int64 `json:"items"`
	Bytes     int64 `json:"bytes"`
}

// Names of contenders.
const (
	Mailhaul = "mailhaul"
	Baseline = "baseline" // a straightforward exporter
)

// A Contender is a program, or a way to run it, that a scenario measured.
type Contender struct {
	Name string `json:"name"`
	Runs []Run  `json:"runs"`
	Rate Spread `json:"rate"` // bytes a second
	CPU  Spread `json:"cpu"`  // CPU seconds per GB
	Peak Spread `json:"peak"` // bytes of memory
}

// NewContender summarizes the runs of a contender.
func NewContender(name string, runs []Run) Contender {
	return Contender{
		Name: name, Runs: runs,
		Rate: SpreadOf(runs, (*Run).Rate),
		CPU:  SpreadOf(runs, (*Run).CPUPerGB),
		Peak: SpreadOf(runs, func(r *Run) float64 { return float64(r.Peak) }),
	}
}

// CPUSeconds summarizes the CPU seconds of the runs.
func (c *Contender) CPUSeconds() Spread { return SpreadOf(c.Runs, (*Run).CPU) }

// A Run is one run of a contender.
type Run struct {
	Items     int64   `json:"items"`
	Bytes     int64   `json:"bytes"`
	Stored    int64   `json:"stored,omitempty"` // bytes written to the store
	Seconds   float64 `json:"seconds"`          // wall time
	User      float64 `json:"user"`             // CPU seconds in the program
	System    float64 `json:"system"`           // CPU seconds in the kernel for the program
	Peak      int64   `json:"peak"`             // most bytes of resident memory; 0 if unknown
	Requests  int64   `json:"requests,omitempty"`
	Throttled int64   `json:"throttled,omitempty"` // requests that Graph refused with a 429

	Reports []*pipeline.Report `json:"reports,omitempty"` // mailhaul's own, one for each mailbox
	Samples []Sample           `json:"samples,omitempty"` // in the order of time
}

// CPU returns the run's CPU seconds.
func (r *Run) CPU() float64 { return r.User + r.System }

// CPUPerGB returns the run's CPU seconds per GB; 0 if it exported nothing.
func (r *Run) CPUPerGB() float64 {
	if r.Bytes == 0 {
		return 0
	}
	return r.CPU() / float64(r.Bytes) * 1e9
}

// Rate returns bytes a second; 0 if the run took no time.
func (r *Run) Rate() float64 {
	if r.Seconds == 0 {
		return 0
	}
	return float64(r.Bytes) / r.Seconds
}

// A Sample is the state of a run at one moment. Items and Bytes count from the start of the run.
type Sample struct {
	Seconds float64 `json:"seconds"`          // since the start
	Memory  int64   `json:"memory,omitempty"` // resident bytes; 0 if unknown
	Items   int64   `json:"items,omitempty"`  // sent by a simulated Graph; or durable, of a tenant's mailbox
	Bytes   int64   `json:"bytes,omitempty"`  // received from Graph
}

// A StageCost is the cost of one stage that runs alone on one core.
type StageCost struct {
	Name    string  `json:"name"`              // read, decode, digest, compress, pack, upload
	Variant string  `json:"variant,omitempty"` // such as a compression level
	CPU     Spread  `json:"cpu"`               // CPU seconds per GB
	Floor   bool    `json:"floor"`             // counts towards the floor
	Ratio   float64 `json:"ratio,omitempty"`   // output bytes divided by input bytes; 0 if they are the same
}

// A Curve is how one figure depends on another.
type Curve struct {
	Name   string  `json:"name"`
	X      string  `json:"x"` // title of the axis
	Y      string  `json:"y"` // title of the axis, with the unit
	Points []Point `json:"points"`
}

// A Point is a point of a curve.
type Point struct {
	X     float64 `json:"x"`
	Label string  `json:"label,omitempty"` // replaces X if X is not a number
	Y     Spread  `json:"y"`
}

// A Goal is a figure that mailhaul has to reach.
type Goal struct {
	Name     string  `json:"name"`
	Target   string  `json:"target"`   // in words
	Measured string  `json:"measured"` // in words; otherwise why there is no figure
	Value    float64 `json:"value"`    // as measured
	Outcome  Outcome `json:"outcome"`
}

// An Outcome says whether a goal was reached.
type Outcome string

// Outcomes of goals.
const (
	Pass    Outcome = "pass"
	Miss    Outcome = "miss"
	LeftOut Outcome = "left out" // not measured: a program or a store was missing
	Failed  Outcome = "failed"   // not measured: the scenario or a contender failed
)

// A Tenant is what the measurement of a tenant's mailbox adds to its one result.
type Tenant struct {
	Mailbox string `json:"mailbox"` // id
	User    string `json:"user,omitempty"`
	Store   string `json:"store,omitempty"` // URL without credentials or parameters; empty: nowhere

	Requested float64 `json:"requested"` // seconds that the measurement may take
	Ended     Ending  `json:"ended"`

	Throttled  float64         `json:"throttled"` // seconds of throttling, summed over all workers
	Budget     pipeline.Budget `json:"budget"`
	Expansion  float64         `json:"expansion,omitempty"` // bytes of streams divided by Graph's sizes of the items
	Bottleneck string          `json:"bottleneck"`          // see pipeline.Report
	Advice     []string        `json:"advice"`

	Estimate  *Estimate  `json:"estimate,omitempty"`
	Leftovers *Leftovers `json:"leftovers,omitempty"` // nil if everything was deleted
}

// An Ending is the reason why a measurement ended.
type Ending string

// Endings of measurements.
const (
	EndedInTime      Ending = "time"        // the requested time was over
	EndedComplete    Ending = "complete"    // the whole mailbox was exported
	EndedInterrupted Ending = "interrupted" // the caller canceled
	EndedFailed      Ending = "failed"      // Graph or the store failed
)

// An Estimate is how long it takes to export many mailboxes like the measured one.
type Estimate struct {
	Mailboxes     int     `json:"mailboxes"`
	Bytes         int64   `json:"bytes"` // of each mailbox
	Machines      int     `json:"machines"`
	Rate          float64 `json:"rate"`          // sustained bytes a second of one mailbox
	Parallel      int     `json:"parallel"`      // mailboxes at a time on each machine
	ParallelLimit string  `json:"parallelLimit"` // what allows no more: cpu, bandwidth, memory, or the measured bottleneck
	Seconds       float64 `json:"seconds"`       // for all mailboxes
	Longest       float64 `json:"longest"`       // seconds for one mailbox: no number of machines takes less
	CPU           float64 `json:"cpu"`           // CPU seconds for all mailboxes
	Stored        int64   `json:"stored"`        // bytes written for all mailboxes
	BudgetBound   bool    `json:"budgetBound"`   // Graph's request budget limits Rate

	Assumptions []string `json:"assumptions"`
}

// Leftovers are objects that a measurement stored and could not delete.
type Leftovers struct {
	Prefix   string `json:"prefix"` // below the store's URL
	Objects  int    `json:"objects"`
	Bytes    int64  `json:"bytes"`              // of the objects
	Versions int    `json:"versions,omitempty"` // of deleted objects, if the store reports them
	Error    string `json:"error"`              // of the first object
}

// Err returns the leftovers as an error; nil if there are none.
func (l *Leftovers) Err() error {
	switch {
	case l == nil:
		return nil
	case l.Objects == 0:
		return fmt.Errorf("%d versions of deleted objects stay below %s: %s", l.Versions, l.Prefix, l.Error)
	}
	return fmt.Errorf("%d objects stay below %s: %s", l.Objects, l.Prefix, l.Error)
}
