package bench

import (
	"slices"
	"time"
)

// A Scenario is a named workload on its way to a store, under limits.
type Scenario struct {
	Name string
	What string // in a few words

	Store       Store
	Mailboxes   int   // 1 if zero
	Items       int   // of each mailbox
	ItemSize    int64 // of each item; a realistic spread if zero
	MinItemSize int64 // with it, sizes spread from here to MaxItemSize, as many in each doubling
	MaxItemSize int64 // in bytes; the simulator's own if zero

	Latency      time.Duration // of each request
	ResponseRate int64         // bytes a second of each response; 0: no limit

	Baseline bool // measure it too
	Stages   bool // measure the stages, and so the efficiency
	Restic   bool // measure restic too, where it is installed
}

// Scenarios returns all scenarios by name, at their full size.
func Scenarios() []Scenario {
	return []Scenario{
		{Name: "nowhere", What: "office mix, to nowhere", Store: StoreNowhere, Items: 8000, Baseline: true, Stages: true},
		{Name: "file", What: "office mix, to a directory", Store: StoreFile, Items: 8000, Baseline: true, Stages: true},
		{Name: "s3", What: "office mix, to S3", Store: StoreS3, Items: 8000, Baseline: true, Stages: true, Restic: true},
		{Name: "small", What: "items of 12 kB, to S3", Store: StoreS3, Items: 10_000, ItemSize: 12_000, Baseline: true, Stages: true},
		{Name: "huge", What: "items of up to 150 MB, to S3", Store: StoreS3, Items: 60, MinItemSize: 256 << 10, MaxItemSize: 150_000_000},
		{Name: "mailboxes16", What: "16 mailboxes of the office mix at once, to S3", Store: StoreS3, Mailboxes: 16, Items: 1000},
		{
			Name: "limits", What: "Graph's limits: 80 ms a request, 4 in flight, 4 MB/s each; to S3", Store: StoreS3,
			Items: 4000, MaxItemSize: 2 << 20, Latency: 80 * time.Millisecond, ResponseRate: 4_000_000,
		},
	}
}

// find returns the scenario of a name.
func find(name string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// args are the flags of export that the scenario needs.
func (s *Scenario) args() []string { return nil }
