package lab

import (
	"slices"
	"strconv"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// A Store is a kind of store.
type Store string

// Kinds of stores.
const (
	StoreNowhere Store = "nowhere" // discards packs
	StoreFile    Store = "file"    // a directory
	StoreS3      Store = "s3"      // MinIO on this machine, or Options.Repo
)

// A Scenario is a workload with a name, the limits that it runs under, and what to measure.
type Scenario struct {
	Name string
	What string // in a few words

	Store       Store
	Mailboxes   int   // 1 if zero
	Items       int   // of each mailbox
	ItemSize    int64 // of each item; a realistic spread if zero
	MinItemSize int64 // spreads sizes evenly over the doublings from here to MaxItemSize
	MaxItemSize int64 // in bytes; the simulator's default if zero
	Unprepared  bool  // the simulator makes items when they are requested: they need too much memory

	Latency      time.Duration // of each request
	ResponseRate int64         // bytes a second of each response; 0: no limit

	Repetitions int  // at most; Options.Repetitions if zero
	Baseline    bool // measure the baseline
	Stages      bool // measure the stages, and the efficiency
	Cores       bool // measure mailhaul on one core
	Restic      bool // measure restic, if it is installed
	Curve       bool // measure fewer requests in flight and, with Stages, all levels of zstd
	Nightly     bool // measure a second run, and the extraction of an item
}

// Scenarios returns all scenarios, at their full size.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "nowhere", What: "office mix, to nowhere", Store: StoreNowhere, Items: 16_000, Baseline: true, Stages: true, Cores: true, Curve: true},
		{Name: "s3", What: "office mix, to S3", Store: StoreS3, Items: 8000, Repetitions: 5, Baseline: true, Stages: true, Restic: true},
		{Name: "file", What: "office mix, to a directory", Store: StoreFile, Items: 8000, Repetitions: 1, Baseline: true, Stages: true},
		{Name: "small", What: "items of 12 kB, to S3", Store: StoreS3, Items: 8000, ItemSize: 12_000, Repetitions: 1, Baseline: true, Stages: true},
		{Name: "huge", What: "items of up to 150 MB, to S3", Store: StoreS3, Items: 80, MinItemSize: 16 << 10, MaxItemSize: 150_000_000, Repetitions: 1},
		{Name: "mailboxes16", What: "16 mailboxes of the office mix at a time, to S3", Store: StoreS3, Mailboxes: 16, Items: 1000, Repetitions: 1},
		{
			Name: "limits", What: "Graph's limits: 80 ms a request, 4 in flight, 4 MB/s each; to S3", Store: StoreS3,
			Items: 12_000, MaxItemSize: 2 << 20, Latency: 80 * time.Millisecond, ResponseRate: 4_000_000, Repetitions: 2,
		},
		{Name: "items10k", What: "10,000 items of 3 kB, to a directory", Store: StoreFile, Items: 10_000, ItemSize: 3000, Unprepared: true, Repetitions: 1},
		{Name: "items1m", What: "1,000,000 items of 3 kB, to a directory", Store: StoreFile, Items: 1_000_000, ItemSize: 3000, Unprepared: true, Repetitions: 1},
		{
			Name: "nightly", What: "100,000 items of 3 kB, to S3; then a nightly run without changes", Store: StoreS3,
			Items: 100_000, ItemSize: 3000, Unprepared: true, Repetitions: 1, Nightly: true,
		},
	}
}

// ScenarioOf returns the scenario of a name, and whether there is one.
func ScenarioOf(name string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// repetitions returns how often each contender runs.
func (s *Scenario) repetitions(limit int) int {
	if s.Repetitions > 0 {
		return min(s.Repetitions, limit)
	}
	return limit
}

// exportArgs are the flags that mailhaul's export needs.
func (s *Scenario) exportArgs() []string {
	if s.Mailboxes < 2 {
		return nil
	}
	return []string{"--mailboxes-at-once", strconv.Itoa(s.Mailboxes)}
}

// simulateArgs are the arguments of the simulated Graph.
func (s *Scenario) simulateArgs(seed uint64) []string {
	args := []string{
		"simulate", "--json", "--listen", "127.0.0.1:0", "--seed", strconv.FormatUint(seed, 10),
		"--mailboxes", strconv.Itoa(max(1, s.Mailboxes)), "--items", strconv.Itoa(s.Items),
		"--item-size", strconv.FormatInt(s.ItemSize, 10),
		"--min-item-size", strconv.FormatInt(s.MinItemSize, 10), "--max-item-size", strconv.FormatInt(s.MaxItemSize, 10),
		"--latency", s.Latency.String(), "--response-rate", strconv.FormatInt(s.ResponseRate, 10),
	}
	if !s.Unprepared {
		args = append(args, "--prepare")
	}
	return args
}

// simulatorOptions are the options of a simulator in this process with the same content.
func (s *Scenario) simulatorOptions(seed uint64) simulator.Options {
	return simulator.Options{
		Seed: seed, Mailboxes: s.Mailboxes, Items: s.Items, ItemSize: s.ItemSize, MinItemSize: s.MinItemSize, MaxItemSize: s.MaxItemSize,
	}
}
