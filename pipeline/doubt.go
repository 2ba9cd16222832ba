package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
)

const (
	// maxMisses is how many items in a row may not come until it is in doubt whether
	// exports of the mailbox work at all.
	maxMisses = 60

	// maxDoubt is how long that may be in doubt.
	maxDoubt = 30 * time.Minute
)

// A doubt is whether exports work: it counts the items in a row that did not come for a
// reason that may pass.
type doubt struct {
	mu     sync.Mutex
	misses int
	since  time.Time // the first of them
	last   graph.ItemError
	good   string // a small item that did come
	size   int64
}

func (d *doubt) missed(e graph.ItemError) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.misses++; d.misses == 1 {
		d.since = time.Now()
	}
	d.last = e
}

// met notes that Graph has answered for an item.
func (d *doubt) met() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.misses = 0
}

// came notes an item that was exported.
func (d *doubt) came(it *item) {
	d.met()
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.good == "" || it.Size < d.size {
		d.good, d.size = it.ID, it.Size
	}
}

// awaitExports returns when there is no doubt, or after a pause that slows the run down
// while there is. It stops the front when the doubt lasts too long.
func (r *run) awaitExports(ctx context.Context, w *worker) error {
	ctx = w.traced(ctx)
	if r.inDoubt(ctx) {
		return r.job.Source.Pause(ctx, r.doubt.batches())
	}
	err := r.doubt.over()
	if err != nil {
		r.stopped.because(err)
	}
	return err
}

// inDoubt reports whether exports may not work at all, for a while that is not over: where
// certain items do not come, one that came before still does.
func (r *run) inDoubt(ctx context.Context) bool {
	d := &r.doubt
	d.mu.Lock()
	misses, since, good := d.misses, d.since, d.good
	d.mu.Unlock()
	if misses < maxMisses || time.Since(since) > maxDoubt {
		return false
	}
	if good != "" && r.comes(ctx, good) {
		d.met()
		return false
	}
	return true
}

// over returns an error if the doubt has lasted too long.
func (d *doubt) over() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.misses < maxMisses || time.Since(d.since) <= maxDoubt {
		return nil
	}
	return fmt.Errorf("no item could be exported for %v, the last of %d: %s: %s", maxDoubt, d.misses, d.last.Code, d.last.Message)
}

// batches returns how many batches have not come since there is doubt, 1 at least.
func (d *doubt) batches() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return max(1, 1+(d.misses-maxMisses)/batchSize)
}

// comes reports whether an item can be exported, and throws it away.
func (r *run) comes(ctx context.Context, id string) bool {
	var t taster
	return r.job.Source.Export(ctx, []string{id}, &t) == nil && t.came
}

// A taster is a graph.ExportHandler that keeps nothing.
type taster struct{ came bool }

func (*taster) Room(int) []byte                      { return nil }
func (*taster) Data([]byte) error                    { return nil }
func (*taster) Discard()                             {}
func (t *taster) Exported(string, string) error      { t.came = true; return nil }
func (*taster) Failed(string, graph.ItemError) error { return nil }
func (t *taster) Gone(string) error                  { t.came = true; return nil }
