package bench

import (
	"slices"
	"strconv"
	"time"
)

// A Scenario is a named workload on its way to a store, under limits, and what is measured of it.
type Scenario struct {
	Name string
	What string // in a few words

	Store       Store
	Mailboxes   int   // 1 if zero
	Items       int   // of each mailbox
	ItemSize    int64 // of each item; a realistic spread if zero
	MinItemSize int64 // with it, sizes spread from here to MaxItemSize, as many in each doubling
	MaxItemSize int64 // in bytes; the simulator's own if zero
	Unprepared  bool  // items are made when they are asked for: there would be too many of them

	Latency      time.Duration // of each request
	ResponseRate int64         // bytes a second of each response; 0: no limit

	Repetitions int  // at most; as many as Options say if zero
	Baseline    bool // measure it too
	Stages      bool // measure the stages, and so the efficiency
	Cores       bool // measure mailhaul on one core too
	Restic      bool // measure restic too, where it is installed
	Curve       bool // measure fewer requests in flight and, with Stages, other levels of zstd too
	Nightly     bool // measure a second run, and how an item is extracted
}

// Scenarios returns all scenarios, at their full size.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "nowhere", What: "office mix, to nowhere", Store: StoreNowhere, Items: 16_000, Baseline: true, Stages: true, Cores: true, Curve: true},
		{Name: "s3", What: "office mix, to S3", Store: StoreS3, Items: 8000, Repetitions: 5, Baseline: true, Stages: true, Restic: true},
		{Name: "file", What: "office mix, to a directory", Store: StoreFile, Items: 8000, Repetitions: 1, Baseline: true, Stages: true},
		{Name: "small", What: "items of 12 kB, to S3", Store: StoreS3, Items: 8000, ItemSize: 12_000, Repetitions: 1, Baseline: true, Stages: true},
		{Name: "huge", What: "items of up to 150 MB, to S3", Store: StoreS3, Items: 80, MinItemSize: 16 << 10, MaxItemSize: 150_000_000, Repetitions: 1},
		{Name: "mailboxes16", What: "16 mailboxes of the office mix at once, to S3", Store: StoreS3, Mailboxes: 16, Items: 1000, Repetitions: 1},
		{
			Name: "limits", What: "Graph's limits: 80 ms a request, 4 in flight, 4 MB/s each; to S3", Store: StoreS3,
			Items: 12_000, MaxItemSize: 2 << 20, Latency: 80 * time.Millisecond, ResponseRate: 4_000_000, Repetitions: 2,
		},
		{Name: "items10k", What: "10,000 items of 3 kB, to a directory", Store: StoreFile, Items: 10_000, ItemSize: 3000, Unprepared: true, Repetitions: 1},
		{Name: "items1m", What: "1,000,000 items of 3 kB, to a directory", Store: StoreFile, Items: 1_000_000, ItemSize: 3000, Unprepared: true, Repetitions: 1},
		{
			Name: "nightly", What: "100,000 items of 3 kB, to S3; then a night in which nothing changes", Store: StoreS3,
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

// repetitions is how often each contender runs.
func (s *Scenario) repetitions(wanted int) int {
	if s.Repetitions > 0 {
		return min(s.Repetitions, wanted)
	}
	return wanted
}

// args are the flags of export that the scenario needs.
func (s *Scenario) args() []string {
	if s.Mailboxes < 2 {
		return nil
	}
	return []string{"--mailboxes-at-once", strconv.Itoa(s.Mailboxes)}
}
