package bench

import (
	"time"

	"github.com/mailhaul/mailhaul/pipeline"
)

// A Report is what one call of [Measure], [Suite] or a measurement of a tenant found. Its JSON is stable: fields may come, none
// goes or changes its meaning.
type Report struct {
	Started   time.Time         `json:"started"`
	Seconds   float64           `json:"seconds"` // that it took
	Command   string            `json:"command"` // to repeat it with
	Seed      uint64            `json:"seed"`
	Machine   Machine           `json:"machine"`
	Versions  map[string]string `json:"versions"` // of go, mailhaul, and the programs that took part
	Scenarios []Result          `json:"scenarios"`
	Failed    []Failure         `json:"failed,omitempty"`
	Table     []Row             `json:"table,omitempty"`  // of a suite
	Tenant    *Tenant           `json:"tenant,omitempty"` // of a measurement of a tenant
}

// A Failure is why a scenario, or one contender of it, was not measured.
type Failure struct {
	Scenario  string `json:"scenario"`
	Contender string `json:"contender,omitempty"` // empty: all of the scenario
	Error     string `json:"error"`
}

// A Machine is what it was measured on.
type Machine struct {
	OS     string `json:"os"`
	Arch   string `json:"arch"`
	CPU    string `json:"cpu,omitempty"` // its name; empty where it is not known
	Cores  int    `json:"cores"`
	Memory int64  `json:"memory,omitempty"` // bytes; 0 where it is not known
}

// A Result is what a scenario measured.
type Result struct {
	Scenario   string      `json:"scenario"` // its name
	What       string      `json:"what"`
	Store      Store       `json:"store"`
	Workload   Workload    `json:"workload"`
	Contenders []Contender `json:"contenders"`           // mailhaul is the first
	Stages     []StageCost `json:"stages,omitempty"`     // in the order of the way of the data
	Floor      *Spread     `json:"floor,omitempty"`      // CPU seconds per GB
	Efficiency *Spread     `json:"efficiency,omitempty"` // floor divided by what mailhaul used, by repetition
	Ceiling    float64     `json:"ceiling,omitempty"`    // bytes a second that the modelled limits allow
	Stream     int64       `json:"stream,omitempty"`     // bytes of one zstd stream over all items
	PackReads  int64       `json:"packReads,omitempty"`  // GETs of packs that it took to extract one item
	Curves     []Curve     `json:"curves,omitempty"`
}

// A Workload is what a scenario hauls.
type Workload struct {
	Mailboxes int   `json:"mailboxes"`
	Items     int64 `json:"items"`
	Bytes     int64 `json:"bytes"`
}

// The names of contenders that more than one place knows.
const (
	Mailhaul    = "mailhaul"
	OneCore     = "mailhaul, one core"
	OneOfAll    = "mailhaul, GOMAXPROCS=1"    // where the simulated Graph has another one, which OneCore does not give it
	NoChange    = "mailhaul, nothing changed" // a run over what the one before it has hauled
	TheBaseline = "baseline"
	Restic      = "restic"
)

// A Contender is a program, or a way to run it, that a scenario measured.
type Contender struct {
	Name string `json:"name"`
	Runs []Run  `json:"runs"`
	Rate Spread `json:"rate"` // bytes a second
	CPU  Spread `json:"cpu"`  // CPU seconds per GB
	Peak Spread `json:"peak"` // bytes of memory
}

// A Run is one run of a contender.
type Run struct {
	Items     int64   `json:"items"`
	Bytes     int64   `json:"bytes"`
	Stored    int64   `json:"stored,omitempty"` // bytes that it stored
	Seconds   float64 `json:"seconds"`          // from its start to its end
	User      float64 `json:"user"`             // CPU seconds in the program
	System    float64 `json:"system"`           // CPU seconds in the kernel for it
	Peak      int64   `json:"peak"`             // bytes of memory that it had at most; 0 where that is not known
	Requests  int64   `json:"requests,omitempty"`
	Throttled int64   `json:"throttled,omitempty"`

	// Reports are mailhaul's own, one for each mailbox: they tell where the time went.
	Reports []*pipeline.Report `json:"reports,omitempty"`
	// Samples show how it went, in the order of time.
	Samples []Sample `json:"samples,omitempty"`
}

// CPU returns the run's CPU seconds.
func (r *Run) CPU() float64 { return r.User + r.System }

// A Sample is a moment of a run.
type Sample struct {
	Seconds float64 `json:"seconds"`          // since the start
	Memory  int64   `json:"memory,omitempty"` // bytes resident; 0 where that is not known
	Items   int64   `json:"items,omitempty"`  // so far: that a tenant's export made durable, or that a simulated Graph handed out
	Bytes   int64   `json:"bytes,omitempty"`  // so far, of streams that came from Graph
}

// A StageCost is what a stage alone costs on one core.
type StageCost struct {
	Name    string `json:"name"`              // read, decode, digest, compress, pack, upload
	Variant string `json:"variant,omitempty"` // such as the level of compress
	CPU     Spread `json:"cpu"`               // CPU seconds per GB
	// Floor tells that it is part of the floor: of several variants of a stage the cheapest that
	// stores the same, so that a slow part of mailhaul's own does not raise the floor.
	Floor bool `json:"floor"`
	// Ratio is the bytes after the stage divided by those before it; 0 where they are the same.
	Ratio float64 `json:"ratio,omitempty"`
}

// A Curve is how one figure depends on another.
type Curve struct {
	Name   string  `json:"name"`
	X      string  `json:"x"` // what it is drawn over
	Y      string  `json:"y"` // what is drawn, with its unit
	Points []Point `json:"points"`
}

// A Point is one of a curve.
type Point struct {
	X     float64 `json:"x"`
	Label string  `json:"label,omitempty"` // in place of X, where that is no number
	Y     Spread  `json:"y"`
}

// A Row is a line of the table of what is to be reached.
type Row struct {
	What     string  `json:"what"`
	Reach    string  `json:"reach"`    // in words
	Measured string  `json:"measured"` // in words; why not, if it was not measured
	Value    float64 `json:"value"`    // as measured
	Outcome  Outcome `json:"outcome"`
}

// An Outcome tells whether a row reached what it was to reach.
type Outcome string

// The outcomes.
const (
	Pass    Outcome = "pass"
	Miss    Outcome = "miss"
	LeftOut Outcome = "left out" // what it needs is not there
	Failed  Outcome = "failed"   // it was to be measured, and that did not work
)
