package replicate

import (
	"strings"
	"sync"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/repository"
)

// Progress counts what a copy has done so far.
type Progress struct {
	Snapshots atomic.Int64 // that are to be in the target
	Done      atomic.Int64 // of these: copied, held already, or given up
	Copied    atomic.Int64 // objects
	Bytes     atomic.Int64 // of these
	Expected  atomic.Int64 // bytes that the target lacks; 0 if that is not known
}

// A Report is what a copy did. All is in the target if Found is 0.
type Report struct {
	Mailboxes int64  `json:"mailboxes"`
	Snapshots int64  `json:"snapshots"` // that were copied
	NotCopied int64  `json:"notCopied"` // snapshots that depend on what has a problem
	Copied    Counts `json:"copied"`
	Skipped   Counts `json:"skipped"` // what the target held; below a snapshot that it held, nothing is looked at

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

// A Problem is an object that keeps others from being copied.
type Problem struct {
	Object string `json:"object"` // its key
	Error  string `json:"error"`
}

const maxProblems = 1000

// A tally is a report that many goroutines write to.
type tally struct {
	mu     sync.Mutex
	report Report
	told   map[string]bool // keys of objects with problems
}

func newTally() *tally {
	return &tally{report: Report{Problems: []Problem{}}, told: map[string]bool{}}
}

func (t *tally) add(do func(*Report)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do(&t.report)
}

// problem notes what is wrong with an object, once. The error may name it already.
func (t *tally) problem(object string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.told[object] {
		return
	}
	t.told[object] = true
	t.report.Found++
	if len(t.report.Problems) < maxProblems {
		t.report.Problems = append(t.report.Problems, Problem{object, strings.TrimPrefix(err.Error(), object+": ")})
	}
}
