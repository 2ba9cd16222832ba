package bench

import "time"

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
