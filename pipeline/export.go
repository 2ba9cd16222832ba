package pipeline

import (
	"context"
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// A verdict is the end that an item met.
type verdict struct {
	item      item
	end       end
	stream    stream          // endExported, endStale
	changeKey string          // endStale: the stream's
	failure   graph.ItemError // endFailed, endStale
	aside     bool            // endFailed, endStale: there will be another one in this run
	reason    string          // endRemoved
}

// counts reports whether the run's account has the verdict: each item is in it once, when
// its first turn ends and it is not set aside.
func (v *verdict) counts() bool {
	first := v.item.turn == 0 || v.item.before != nil && v.item.before.first
	return first && !v.aside
}

type end int

const (
	endExported end = iota
	endFailed
	endStale   // it failed, and what came of it is not as listed
	endGivenUp // it failed too often in runs before
	endGone    // it was deleted since it was listed
	endRemoved // a delta query told that it is gone
)

// export is one export worker: it asks for batches until the front has stopped
// or there are no more, and leaves its frames to the back: full ones, and those that
// have waited for long.
func (r *run) export(front, back context.Context, w *worker) error {
	x := &exporter{run: r, back: back, worker: w, framer: framer{
		known:  r.known,
		worker: w,
		emit:   func(f *frame) error { return r.emit(back, w, f) },
		buffer: func() []byte { return r.pool.raw.take(frameBuffer) },
	}}
	front = w.traced(front)
	tick := time.NewTicker(max(min(r.frameAge(), lookEvery), time.Millisecond))
	defer tick.Stop()
	for {
		w.turn(starved)
		select {
		case batch, ok := <-r.batches:
			w.turn(busy)
			if !ok {
				return x.framer.flush()
			}
			err := x.export(front, batch)
			r.aside.ended()
			if err != nil {
				if back.Err() != nil {
					return context.Cause(back)
				}
				r.stopped.because(err)
			}
		case <-tick.C:
		}
		if err := x.framer.flushOlder(r.frameAge()); err != nil {
			return err
		}
	}
}

// emit hands a frame on when there is room for it.
func (r *run) emit(ctx context.Context, w *worker, f *frame) error {
	if err := r.frameRoom.take(ctx, w); err != nil {
		return err
	}
	return send(ctx, w, r.frames, f)
}

// frameAge is how long a frame waits to fill between batches. With what its pack then
// waits, what has arrived comes into the next partial snapshot.
func (r *run) frameAge() time.Duration {
	if r.crowded.Load() || r.hurried.Load() {
		return 0
	}
	return r.opts.CheckpointInterval / 4
}

// packAge is how long a pack waits to fill.
func (r *run) packAge() time.Duration {
	if r.crowded.Load() || r.hurried.Load() {
		return 0
	}
	return r.opts.CheckpointInterval / 2
}

// lookEvery is how often frames and packs that fill slowly are looked at.
const lookEvery = time.Second

// An exporter takes what Graph sends for one batch at a time.
type exporter struct {
	run    *run
	back   context.Context // what has arrived goes on when the front has stopped
	worker *worker
	framer framer
	batch  map[string]item // those without a verdict
	other  []verdict       // those that came with another change key than the listing's
}

var _ graph.ExportHandler = (*exporter)(nil)

// export exports a batch, unless the front has stopped: then it is left pending.
func (x *exporter) export(ctx context.Context, batch []item) error {
	if ctx.Err() != nil {
		return nil
	}
	x.batch, x.other = make(map[string]item, len(batch)), nil
	ids := make([]string, len(batch))
	for i, it := range batch {
		x.batch[it.ID], ids[i] = it, it.ID
	}
	defer x.framer.discard()
	if err := x.run.job.Source.Export(ctx, ids, x); err != nil {
		return err
	}
	for _, v := range x.other {
		if err := x.judge(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// Room implements graph.ExportHandler.
func (x *exporter) Room(n int) []byte { return x.framer.room(n) }

// Data implements graph.ExportHandler.
func (x *exporter) Data(p []byte) error {
	x.run.opts.Progress.Arrived.Add(int64(len(p)))
	x.worker.did(0, int64(len(p)))
	return x.framer.write(p)
}

// Discard implements graph.ExportHandler.
func (x *exporter) Discard() { x.framer.discard() }

// Exported implements graph.ExportHandler. An item that came with another change key than
// the listing's is judged when the response has ended: that takes a request.
func (x *exporter) Exported(id, changeKey string) error {
	s, err := x.framer.finish()
	it, ok := x.batch[id]
	if err != nil || !ok {
		return err
	}
	delete(x.batch, id)
	x.run.doubt.came(&it)
	if it.differs(changeKey) {
		x.other = append(x.other, verdict{item: it, stream: s, changeKey: changeKey})
		return nil
	}
	return x.end(verdict{item: it, end: endExported, stream: s})
}

// Failed implements graph.ExportHandler.
func (x *exporter) Failed(id string, e graph.ItemError) error {
	it, ok := x.batch[id]
	if !ok {
		return nil // it has its verdict
	}
	delete(x.batch, id)
	if e.Temporary {
		x.run.doubt.missed(e)
	} else {
		x.run.doubt.met()
	}
	return x.fail(verdict{item: it, end: endFailed, failure: e}, e.Temporary)
}

// Gone implements graph.ExportHandler.
func (x *exporter) Gone(id string) error {
	it, ok := x.batch[id]
	if !ok {
		return nil
	}
	delete(x.batch, id)
	x.run.doubt.met()
	return x.end(verdict{item: it, end: endGone})
}

// fail ends an item for now, or for this run. If it may come later it is set aside for
// another turn.
func (x *exporter) fail(v verdict, temporary bool) error {
	again := v.item
	b := setback{first: again.turn == 0}
	if again.before != nil {
		b = *again.before
	}
	b.attempts += v.failure.Attempts
	v.failure.Attempts = b.attempts
	b.alone = v.failure.Alone
	if v.end == endStale {
		b.behind++
	}
	if temporary && b.behind <= maxBehind {
		again.before, again.page, again.turn = &b, nil, again.turn+1
		v.aside = x.run.aside.put(again)
	}
	return x.end(v)
}

func (x *exporter) end(v verdict) error { return send(x.back, x.worker, x.run.verdicts, v) }

// failed returns the manifest's form of a failed item, its texts bounded.
func (v *verdict) failed() manifest.Failure {
	return manifest.Failure{
		ID: v.item.ID, Folder: v.item.folder.ID, Code: clip(v.failure.Code, 100), Message: clip(v.failure.Message, 500),
		Attempts: v.failure.Attempts, Runs: 1, Item: v.item.row(),
	}
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "")
}
