package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/segments"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A recorder is the record stage: the one goroutine that turns verdicts and durable packs into
// rows, and now and then commits a partial snapshot.
type recorder struct {
	*ledger
	attempts rows.Map[uint32] // the greatest attempt in which a requeued item was exported or gone
	waiting  map[*packing.FrameLocation][]*waitingItem
	count    int // waiting items
}

// A waitingItem waits until the frames of its chunks are durable.
type waitingItem struct {
	verdict
	missing int // frames that are not durable
}

// record is the record stage.
func (g *ledger) record(ctx context.Context, w *stage.Worker, verdicts <-chan verdict, durable <-chan packing.Pack) error {
	g.worker, g.segments, g.pending.since = w, segments.NewWriter(g.job.Repository, w), time.Now()
	rec := &recorder{ledger: g, waiting: map[*packing.FrameLocation][]*waitingItem{}}
	if err := rec.receive(ctx, verdicts, durable); err != nil {
		return err
	}
	if rec.count > 0 {
		return fmt.Errorf("%d exported items wait for packs that were never stored", rec.count)
	}
	return nil
}

// receive takes verdicts and packs until both channels are closed.
func (rec *recorder) receive(ctx context.Context, verdicts <-chan verdict, durable <-chan packing.Pack) error {
	tick := stage.NewTicker(time.Second)
	defer tick.Stop()
	for verdicts != nil || durable != nil {
		var err error
		rec.worker.SetState(stage.Starved)
		select {
		case v, ok := <-verdicts:
			rec.worker.SetState(stage.Busy)
			if ok {
				err = rec.take(ctx, v)
			} else {
				verdicts = nil
			}
		case p, ok := <-durable:
			rec.worker.SetState(stage.Busy)
			if ok {
				err = rec.settle(ctx, p)
			} else {
				durable = nil
			}
		case <-tick.C:
			rec.worker.SetState(stage.Busy)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		if err == nil && rec.isDue() {
			err = rec.checkpoint(ctx)
		}
		if err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// take takes a verdict. Of several attempts of an item, the greatest that did not fail decides. A
// later failure is listed, and leaves what was exported before.
func (rec *recorder) take(ctx context.Context, v verdict) error {
	it := &v.item
	last, _ := rec.attempts.Get(it.key)
	if it.attempt > last && !v.isFailure() && !(it.probe && v.outcome == itemExported) {
		rec.attempts.Set(it.key, it.attempt)
	}
	switch {
	case v.outcome == itemExported:
		return rec.takeStream(ctx, v)
	case last > it.attempt:
		rec.countLate(&v)
		rec.close(it)
		return nil
	case v.isCounted():
		rec.opts.Progress.count(v.outcome)
	}
	if v.outcome == itemStale {
		return rec.takeStale(ctx, v)
	}
	defer rec.close(it)
	switch v.outcome {
	case itemFailed:
		rec.fail(&v)
	case itemGone, itemRemoved:
		if v.outcome == itemGone && (it.attempt == 0 || it.deferral != nil || rec.index.Holds(it.key)) {
			rec.index.Vanished(it.key, it.folder.ID)
		}
		rec.failures.remove(it.key, itemGone)
		return rec.delete(ctx, it.key, it.ID, it.folder.ID, cmp.Or(v.reason, manifest.RemovedDeleted))
	}
	return nil
}

// takeStale takes an item whose data is not as listed. Its row has the change key of the data, and
// it is listed as failed with the missing key: the next run requests it again, whatever its listing
// shows.
func (rec *recorder) takeStale(ctx context.Context, v verdict) error {
	rec.fail(&v)
	return rec.takeStream(ctx, v)
}

func (rec *recorder) fail(v *verdict) {
	rec.failures.add(v)
	rec.pending.rows++
}

// close notes that everything that will be committed of an item is recorded. A deferred item was
// closed when it was listed as failed.
func (rec *recorder) close(it *item) {
	if it.deferral == nil {
		rec.listing.itemClosed(it)
	}
}

// countLate counts an item whose verdict comes after that on a later attempt.
func (rec *recorder) countLate(v *verdict) {
	switch {
	case !v.isCounted():
	case rec.index.Holds(v.item.key):
		rec.opts.Progress.count(itemExported)
	default:
		rec.opts.Progress.count(itemGone)
	}
}

// takeStream takes an exported item, which may have to wait for its packs.
func (rec *recorder) takeStream(ctx context.Context, v verdict) error {
	x := &waitingItem{verdict: v}
	for _, c := range x.stream.Chunks {
		if !c.Frame.IsDurable() {
			x.missing++
			rec.waiting[c.Frame] = append(rec.waiting[c.Frame], x)
		}
	}
	if x.missing > 0 {
		rec.wait(1)
		return nil
	}
	return rec.write(ctx, v)
}

// wait adds n to the number of waiting items. More than maxWaiting wait only if many items have
// bytes that other items have, too: these fill no pack.
func (rec *recorder) wait(n int) {
	rec.count += n
	rec.setCrowded(rec.count > rec.opts.Pool.maxWaiting)
}

// settle writes the rows of the items that waited for this pack alone.
func (rec *recorder) settle(ctx context.Context, p packing.Pack) error {
	p.SetDurable()
	for _, frame := range p.Frames {
		waiting := rec.waiting[frame]
		delete(rec.waiting, frame)
		for _, x := range waiting {
			if x.missing--; x.missing > 0 {
				continue
			}
			rec.wait(-1)
			if err := rec.write(ctx, x.verdict); err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends the row of an item whose chunks are durable, unless another attempt has decided.
func (rec *recorder) write(ctx context.Context, v verdict) error {
	it := &v.item
	defer rec.close(it)
	if v.isCounted() && v.outcome == itemExported {
		rec.opts.Progress.count(itemExported)
	}
	if last, _ := rec.attempts.Get(it.key); last > it.attempt || it.probe {
		return nil
	}
	if err := rec.appendItem(ctx, v.row()); err != nil {
		return err
	}
	if v.outcome == itemExported {
		rec.failures.exported(it)
	}
	return nil
}

// row returns the row of an item whose chunks are durable.
func (v *verdict) row() manifest.Row {
	row := v.item.row()
	if v.outcome == itemStale {
		row.ChangeKey = v.changeKey
	}
	row.SHA256, row.Length, row.Chunks = v.stream.SHA256, v.stream.Length, make([]manifest.Chunk, len(v.stream.Chunks))
	for i, c := range v.stream.Chunks {
		row.Chunks[i] = c.Manifest()
	}
	return row
}
