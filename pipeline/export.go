package pipeline

import (
	"context"
	"fmt"
	"strings"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// An exporter takes what Graph sends for one batch at a time.
type exporter struct {
	*transfer
	worker  *stage.Worker
	framer  *packing.Framer
	send    func(verdict) error // to the back: what has arrived is stored when the front has stopped
	batch   map[string]item     // items without a verdict, by id
	changed []verdict           // on items that came with another change key than the listed one
}

var _ graph.ExportHandler = (*exporter)(nil)

// exportBatches is one worker of the export stage. It exports batches until there are no more or
// the front has stopped, and passes frames to the back.
func (t *transfer) exportBatches(front, back context.Context, w *stage.Worker) error {
	x := &exporter{
		transfer: t, worker: w, framer: t.packing.NewFramer(back, w),
		send: func(v verdict) error { return stage.Send(back, w, t.verdicts, v) },
	}
	front = w.Trace(front)
	tick := stage.NewTicker(t.packing.FrameAge())
	defer tick.Stop()
	for {
		w.SetState(stage.Starved)
		select {
		case batch, ok := <-t.batches:
			w.SetState(stage.Busy)
			if !ok {
				return x.framer.Flush()
			}
			err := x.export(front, batch)
			t.deferred.batchDone()
			if err != nil {
				if back.Err() != nil {
					return context.Cause(back)
				}
				t.front.stop(err)
			}
		case <-tick.C:
		}
		if err := x.framer.FlushOld(); err != nil {
			return err
		}
	}
}

// export exports a batch. If the front has stopped, its items stay pending.
func (x *exporter) export(ctx context.Context, batch []item) error {
	if ctx.Err() != nil {
		return nil
	}
	x.batch, x.changed = make(map[string]item, len(batch)), nil
	ids := make([]string, len(batch))
	for i, it := range batch {
		x.batch[it.ID], ids[i] = it, it.ID
	}
	defer x.framer.Discard()
	if err := x.source.Export(ctx, ids, x); err != nil {
		return err
	}
	for _, v := range x.changed {
		if err := x.judge(ctx, v); err != nil {
			return err
		}
	}
	return nil
}

// Room implements graph.ExportHandler.
func (x *exporter) Room(n int) []byte { return x.framer.Room(n) }

// Data implements graph.ExportHandler.
func (x *exporter) Data(p []byte) error {
	x.opts.Progress.Arrived.Add(int64(len(p)))
	x.worker.Did(0, int64(len(p)))
	return x.framer.Write(p)
}

// Discard implements graph.ExportHandler.
func (x *exporter) Discard() { x.framer.Discard() }

// Exported implements graph.ExportHandler. An item with another change key than the listed one is
// judged when the response has ended, because that takes a request.
func (x *exporter) Exported(id, changeKey string) error {
	s, err := x.framer.Finish()
	it, ok := x.batch[id]
	if err != nil || !ok {
		return err
	}
	delete(x.batch, id)
	x.health.Exported(it.ID, it.Size)
	if it.differs(changeKey) {
		x.changed = append(x.changed, verdict{item: it, stream: s, changeKey: changeKey})
		return nil
	}
	return x.send(verdict{item: it, outcome: itemExported, stream: s})
}

// Failed implements graph.ExportHandler.
func (x *exporter) Failed(id string, e graph.ItemError) error {
	it, ok := x.batch[id]
	if !ok {
		return nil // it has its verdict
	}
	delete(x.batch, id)
	if e.Temporary {
		x.health.Missed(e)
	} else {
		x.health.Answered()
	}
	return x.fail(verdict{item: it, outcome: itemFailed, failure: e}, e.Temporary)
}

// Gone implements graph.ExportHandler.
func (x *exporter) Gone(id string) error {
	it, ok := x.batch[id]
	if !ok {
		return nil
	}
	delete(x.batch, id)
	x.health.Answered()
	return x.send(verdict{item: it, outcome: itemGone})
}

// fail sends a failure. If it is retryable, the item is deferred.
func (x *exporter) fail(v verdict, retryable bool) error {
	again := v.item
	d := deferral{counted: again.attempt == 0}
	if again.deferral != nil {
		d = *again.deferral
	}
	d.attempts += v.failure.Attempts
	v.failure.Attempts = d.attempts
	d.alone = v.failure.Alone
	if v.outcome == itemStale {
		d.stale++
	}
	if retryable && d.stale <= maxStale {
		again.deferral, again.page, again.attempt = &d, nil, again.attempt+1
		v.deferred = x.deferred.put(again)
	}
	return x.send(v)
}

// codeStale is the code of an item whose data has another change key than the listed one.
const codeStale = "StaleData"

// judge decides on an item that came with another change key than the listed one. If Graph says of
// the item that it changed since it was listed, its row gets the new key and what else changed.
// Otherwise the data may come from a replica that is behind: the item is requested again, and
// fails if that does not help.
func (x *exporter) judge(ctx context.Context, v verdict) error {
	it := v.item
	now, err := x.source.Item(ctx, it.folder.ID, it.ID)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && plainKey(now.ChangeKey) == plainKey(v.changeKey) && !now.LastModifiedDateTime.Before(it.LastModifiedDateTime):
		now.Properties = it.Properties
		v.outcome, v.item.Item = itemExported, now
		return x.send(v)
	}
	v.outcome, v.failure = itemStale, graph.ItemError{
		Code: codeStale, Message: fmt.Sprintf("the data has change key %s, the listing has %s", v.changeKey, it.ChangeKey),
		Attempts: 1,
	}
	return x.fail(v, true)
}

// differs reports whether a change key is not the listed one. If Graph left out one of the keys,
// they cannot be compared.
func (it *item) differs(changeKey string) bool {
	return changeKey != "" && it.ChangeKey != "" && plainKey(changeKey) != plainKey(it.ChangeKey)
}

// plainKey returns the one form of a change key: base64 has two alphabets.
func plainKey(key string) string {
	return strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(key), "=")
}
