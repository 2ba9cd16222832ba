package pipeline

import (
	"context"
	"time"

	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// batchSize is the most ids that one exportItems request takes.
const batchSize = 20

// A batcher joins items to batches of up to 20 with distinct ids: an id can be listed in two
// folders when the item moves meanwhile.
type batcher struct {
	*transfer
	worker   *stage.Worker
	batch    []item
	ids      map[string]bool
	retrying bool // only deferred items are left
}

// batchItems is the batch stage. It passes on the listed items and then, when all of these have
// their end, the deferred ones.
func (t *transfer) batchItems(ctx context.Context, w *stage.Worker) {
	b := &batcher{transfer: t, worker: w, ids: map[string]bool{}}
	b.passListed(ctx)
	b.flush(ctx)
	b.retrying = true
	b.retryDeferred(ctx)
}

// passListed passes on the listed items. A batch that does not fill within a second or two is
// passed on, too: the listing may have come to pages that hold nothing new.
func (b *batcher) passListed(ctx context.Context) {
	tick := stage.NewTicker(time.Second)
	defer tick.Stop()
	for idle := false; ; {
		b.worker.SetState(stage.Starved)
		select {
		case it, more := <-b.items:
			b.worker.SetState(stage.Busy)
			if !more {
				return
			}
			idle = false
			b.add(ctx, it)
		case <-tick.C:
			b.worker.SetState(stage.Busy)
			if idle {
				b.flush(ctx)
			}
			idle = true
		}
	}
}

// add adds an item. If the front has stopped, the item stays pending.
func (b *batcher) add(ctx context.Context, it item) {
	if b.ids[it.ID] {
		b.flush(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	b.batch = append(b.batch, it)
	b.ids[it.ID] = true
	if len(b.batch) == batchSize {
		b.flush(ctx)
	}
}

func (b *batcher) flush(ctx context.Context) {
	if len(b.batch) > 0 {
		b.pass(ctx, b.batch)
		b.batch = nil
		clear(b.ids)
	}
}

// pass passes a batch on. If the front has stopped, its items stay pending.
func (b *batcher) pass(ctx context.Context, batch []item) {
	if !b.retrying && !b.awaitExports(ctx) {
		return
	}
	b.deferred.batchSent()
	if stage.Send(ctx, b.worker, b.batches, batch) != nil {
		b.deferred.batchDone()
		return
	}
	b.worker.Did(1, 0)
}

// awaitExports pauses if exports are in doubt, and stops the front if they have been in doubt for
// too long. It returns false if the front has stopped.
func (b *batcher) awaitExports(ctx context.Context) bool {
	ctx = b.worker.Trace(ctx)
	if b.health.InDoubt(ctx) {
		return b.health.Pause(ctx, batchSize) == nil
	}
	err := b.health.Err()
	if err != nil {
		b.front.stop(err)
	}
	return err == nil
}

// retryDeferred requests deferred items again, in rounds with growing pauses before them, until
// none are left. Items that do not come in the last round fail.
func (b *batcher) retryDeferred(ctx context.Context) {
	began := time.Now()
	for round, last := 1, false; !last; round++ {
		b.worker.SetState(stage.Starved)
		if b.deferred.await(ctx) != nil {
			return
		}
		b.worker.SetState(stage.Busy)
		over := round >= retryRounds || time.Since(began) > retryTime
		last = over && !b.health.InDoubt(b.worker.Trace(ctx))
		items := b.deferred.take(last)
		if len(items) == 0 || b.source.Pause(b.worker.Trace(ctx), round) != nil {
			return
		}
		for _, it := range items {
			if it.deferral.alone {
				b.pass(ctx, []item{it})
			} else {
				b.add(ctx, it)
			}
		}
		b.flush(ctx)
	}
}
