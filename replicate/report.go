package replicate

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/repository"
)

// Progress counts what a copy has done so far.
type Progress struct {
	Snapshots atomic.Int64 // of the mailboxes that are copied
	Done      atomic.Int64 // snapshots that are copied, held already, or not copied because of a problem
	Copied    atomic.Int64 // objects
	Bytes     atomic.Int64 // stored bytes of the objects in Copied
	Expected  atomic.Int64 // bytes that the target lacks; 0 if not known
}

// A Report is the result of a copy. If Found is 0, the target holds everything.
type Report struct {
	Mailboxes int64  `json:"mailboxes"`
	Snapshots int64  `json:"snapshots"` // copied
	NotCopied int64  `json:"notCopied"` // snapshots that depend on an object with a problem
	Copied    Counts `json:"copied"`
	Skipped   Counts `json:"skipped"` // held by the target; of a held snapshot, only the ref counts

	Found    int64     `json:"found"`    // problems
	Problems []Problem `json:"problems"` // the first 1,000 of them
}

// Counts counts objects by their kind.
type Counts struct {
	Packs     Count `json:"packs"`
	Segments  Count `json:"segments"`
	Manifests Count `json:"manifests"`
	Refs      Count `json:"refs"`
	Acks      Count `json:"acknowledgements"`
}

// A Count is a number of objects and the sum of their stored bytes.
type Count struct {
	Objects int64 `json:"objects"`
	Bytes   int64 `json:"bytes"`
}

func (c *Counts) of(kind repository.Kind) *Count {
	switch kind {
	case repository.KindPack:
		return &c.Packs
	case repository.KindSegment:
		return &c.Segments
	case repository.KindManifest:
		return &c.Manifests
	case repository.KindAck:
		return &c.Acks
	}
	return &c.Refs
}

// All returns the sum over the kinds.
func (c *Counts) All() Count {
	var sum Count
	for _, k := range []Count{c.Packs, c.Segments, c.Manifests, c.Refs, c.Acks} {
		sum.Objects += k.Objects
		sum.Bytes += k.Bytes
	}
	return sum
}

func (c *Count) add(bytes int64) {
	c.Objects++
	c.Bytes += bytes
}

// A Problem is what is wrong with an object. Objects that depend on it are not copied.
type Problem struct {
	Object string `json:"object"` // its key
	Error  string `json:"error"`
}

const maxProblems = 1000

// A tally is a report that several goroutines add to.
type tally struct {
	mu       sync.Mutex
	report   Report
	reported map[string]bool // keys of objects with problems
}

func newTally() *tally {
	return &tally{report: Report{Problems: []Problem{}}, reported: map[string]bool{}}
}

func (t *tally) add(do func(*Report)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do(&t.report)
}

// problem reports what is wrong with an object, once. The error may name the object already.
func (t *tally) problem(object string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reported[object] {
		return
	}
	t.reported[object] = true
	t.report.Found++
	if len(t.report.Problems) < maxProblems {
		t.report.Problems = append(t.report.Problems, Problem{object, strings.TrimPrefix(err.Error(), object+": ")})
	}
}
