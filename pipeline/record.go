package pipeline

import (
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// A recorder is the record stage: the one goroutine that turns verdicts and
// durable packs into rows, rows into segments, and now and then those into a partial
// snapshot.
type recorder struct {
	run      *run
	worker   *worker
	segments segmentList
	failures map[manifest.RowKey]manifest.Failure
	failed   map[manifest.RowKey]failedTurn // of the failures, those of this run
	turns    rows.Map[uint32]               // the greatest turn in which an item asked for again was had, or gone
	waiting  int                            // items whose packs are not durable yet
	raw      int64                          // bytes of the recorded items
	removed  int64
	rows     int64 // since the last commit
	bytes    int64 // of these
	last     time.Time
	early    earlyCommits
}

// A failed turn is when an item failed last in this run.
type failedTurn struct {
	turn    uint32
	counted bool // as failed
}

// An exported item waits for the packs of its chunks.
type exported struct {
	verdict
	missing int // places that are not durable
}

func newRecorder(r *run) *recorder {
	return &recorder{
		run: r, segments: segmentList{repo: r.job.Repository}, failures: maps.Clone(r.failed), last: time.Now(),
		failed: map[manifest.RowKey]failedTurn{},
	}
}

func (rec *recorder) record(ctx context.Context, w *worker) error {
	verdicts, durable := rec.run.verdicts, rec.run.durable
	rec.worker, rec.segments.worker = w, w
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for verdicts != nil || durable != nil {
		var err error
		w.turn(starved)
		select {
		case v, ok := <-verdicts:
			w.turn(busy)
			if !ok {
				verdicts = nil
				continue
			}
			err = rec.take(ctx, v)
		case p, ok := <-durable:
			w.turn(busy)
			if !ok {
				durable = nil
				continue
			}
			err = rec.settle(ctx, p)
		case <-tick.C:
			w.turn(busy)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err == nil && rec.due() {
			err = rec.run.checkpoint(ctx)
		}
		if err != nil {
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if rec.waiting > 0 {
		return fmt.Errorf("%d exported items wait for packs that were never stored", rec.waiting)
	}
	return nil
}

// due reports whether it is time for a partial snapshot.
func (rec *recorder) due() bool {
	opts := &rec.run.opts
	early := rec.early.due(rec.run)
	return rec.progressed() &&
		(early || rec.bytes >= opts.CheckpointBytes || time.Since(rec.last) >= opts.CheckpointInterval)
}

// progressed reports whether a snapshot would differ from the last one.
func (rec *recorder) progressed() bool {
	return rec.rows > 0 || rec.run.covered.Load() > rec.early.covered
}

// committed notes a snapshot.
func (rec *recorder) committed() {
	rec.rows, rec.bytes, rec.last = 0, 0, time.Now()
	rec.early.begin(rec.run)
}

// take notes the end of an item. Of several turns of an item the greatest that did not
// fail has the last word: what failed later is listed, and leaves what was had before.
func (rec *recorder) take(ctx context.Context, v verdict) error {
	it := &v.item
	last, _ := rec.turns.Get(it.key)
	failed := v.end == endFailed || v.end == endStale
	if it.turn > last && !failed && !(it.check && v.end == endExported) {
		rec.turns.Set(it.key, it.turn)
	}
	switch {
	case v.end == endExported:
		return rec.takeStream(ctx, &exported{verdict: v})
	case last > it.turn:
		rec.countLate(&v)
		rec.close(it)
		return nil
	case v.counts():
		rec.count(v.end)
	}
	if v.end == endStale {
		return rec.takeStale(ctx, v)
	}
	defer rec.close(it)
	switch v.end {
	case endFailed:
		return rec.fail(&v)
	case endGone, endRemoved:
		if v.end == endGone && (it.turn == 0 || it.before != nil || rec.run.index.holds(it.key)) {
			rec.run.index.vanished(it.key, it.folder.ID)
		}
		rec.mended(it.key, endGone)
		return rec.bury(ctx, it, v.reason)
	}
	return nil
}

// takeStale takes an item whose data is not as listed. Its row has the change key of the
// data, and it is listed as failed with the key that is missing: the next run requests it
// again, whatever its listing shows.
func (rec *recorder) takeStale(ctx context.Context, v verdict) error {
	if err := rec.fail(&v); err != nil {
		return err
	}
	return rec.takeStream(ctx, &exported{verdict: v})
}

// close ends the item's way: all that is to be committed of it is recorded.
// An item that was set aside ended when it was listed as failed.
func (rec *recorder) close(it *item) {
	if it.before == nil {
		rec.run.covered.Add(it.folder.closed(it.page))
	}
}

func (rec *recorder) count(e end) {
	p := rec.run.opts.Progress
	switch e {
	case endExported:
		p.Exported.Add(1)
	case endFailed, endStale, endGivenUp:
		p.Failed.Add(1)
	case endGone:
		p.Gone.Add(1)
	}
}

// countLate counts an item that ends after a later turn of it has had the last word.
func (rec *recorder) countLate(v *verdict) {
	switch {
	case !v.counts():
	case rec.run.index.holds(v.item.key):
		rec.count(endExported)
	default:
		rec.count(endGone)
	}
}

// mended takes an item off the list of failures. If it was counted as failed, it counts
// as what it is now.
func (rec *recorder) mended(key manifest.RowKey, now end) {
	if rec.failed[key].counted {
		rec.run.opts.Progress.Failed.Add(-1)
		rec.count(now)
	}
	delete(rec.failures, key)
	delete(rec.failed, key)
}

// fail lists a failed item. An item that failed before keeps its count of runs.
func (rec *recorder) fail(v *verdict) error {
	key, turn := v.item.key, v.item.turn
	rec.failed[key] = failedTurn{turn, v.counts() || rec.failed[key].counted}
	f := v.failed()
	if old, ok := rec.run.failed[key]; ok && old.Item.ChangeKey == f.Item.ChangeKey {
		f.Runs += old.Runs
		f.Attempts += old.Attempts
		if v.aside {
			f.Runs = old.Runs // this one is not over
		}
	}
	rec.failures[key] = f
	rec.rows++
	if len(rec.failures) > maxFailures {
		rec.run.stopped.because(fmt.Errorf("more than %d items failed, the last with %s: %s", maxFailures, f.Code, f.Message))
	}
	return nil
}

// bury writes the tombstone of an item, if it is held.
func (rec *recorder) bury(ctx context.Context, it *item, reason string) error {
	if !rec.run.index.bury(it.key, it.folder.ID) {
		return nil
	}
	return rec.tombstone(ctx, it.ID, it.folder.ID, reason)
}

func (rec *recorder) tombstone(ctx context.Context, id, folder, reason string) error {
	if reason == "" {
		reason = manifest.RemovedDeleted
	}
	rec.removed++
	return rec.append(ctx, manifest.Row{ID: id, Folder: folder, Removed: reason})
}

// takeStream takes an exported item, which may have to wait for its packs.
func (rec *recorder) takeStream(ctx context.Context, x *exported) error {
	for _, c := range x.stream.chunks {
		if c.place.pack.IsZero() {
			x.missing++
			c.place.waiting = append(c.place.waiting, x)
		}
	}
	if x.missing > 0 {
		rec.wait(1)
		return nil
	}
	return rec.write(ctx, x)
}

// maxWaiting is more items than wait for the packs under way, unless many have the same bytes
// as others, which fill no pack.
var maxWaiting = 1 << 15

// wait adds to the items that wait, or takes away if n is negative.
func (rec *recorder) wait(n int) {
	rec.waiting += n
	rec.run.crowded.Store(rec.waiting > maxWaiting)
}

// settle writes the rows of the items that waited for this pack alone.
func (rec *recorder) settle(ctx context.Context, p packed) error {
	for _, place := range p.places {
		place.pack = p.SHA256
	}
	for _, place := range p.places {
		waiting := place.waiting
		place.waiting = nil
		for _, x := range waiting {
			if x.missing--; x.missing > 0 {
				continue
			}
			rec.wait(-1)
			if err := rec.write(ctx, x); err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends the row of an item whose chunks are durable, unless another turn of
// it has had the last word.
func (rec *recorder) write(ctx context.Context, x *exported) error {
	it := &x.item
	defer rec.close(it)
	if x.counts() && x.end == endExported {
		rec.count(endExported)
	}
	if last, _ := rec.turns.Get(it.key); last > it.turn || it.check {
		return nil
	}
	row := x.row()
	if err := rec.append(ctx, row); err != nil {
		return err
	}
	rec.run.index.recorded(&row)
	rec.raw += row.Length
	rec.bytes += row.Length
	if failed := rec.failed[it.key]; failed.turn <= it.turn && x.end == endExported {
		rec.mended(it.key, endExported)
	}
	return nil
}

func (x *exported) row() manifest.Row {
	row := x.item.row()
	if x.end == endStale {
		row.ChangeKey = x.changeKey
	}
	row.SHA256, row.Length, row.Chunks = x.stream.sha256, x.stream.length, make([]manifest.Chunk, len(x.stream.chunks))
	for i, c := range x.stream.chunks {
		row.Chunks[i] = manifest.Chunk{
			Pack: c.place.pack, Offset: c.place.base + int64(c.offset), Length: int64(c.length), SHA256: c.sha256,
		}
	}
	return row
}

// append adds a row to the segment under way.
func (rec *recorder) append(ctx context.Context, row manifest.Row) error {
	rec.rows++
	rec.worker.did(1, row.Length)
	return rec.segments.append(ctx, row)
}
