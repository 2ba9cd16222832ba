package pipeline

import (
	"context"
	"time"
)

// batchSize is the most ids that one exportItems call takes.
const batchSize = 20

// A batcher joins items to groups of up to 20 with distinct ids: an id can be listed
// in two folders when it moves meanwhile.
type batcher struct {
	run    *run
	worker *worker
	group  []item
	ids    map[string]bool
	late   bool // all others have met their end
}

// batch passes on the items that are listed and then, when all others have met their end,
// those that were set aside.
func (r *run) batch(ctx context.Context, w *worker) {
	b := &batcher{run: r, worker: w, ids: map[string]bool{}}
	b.passListed(ctx)
	b.flush(ctx)
	b.late = true
	b.askAgain(ctx)
}

// passListed passes on the items that are listed. A group that does not fill is passed on,
// too: the listing may have come to pages that hold nothing new.
func (b *batcher) passListed(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for idle := false; ; {
		b.worker.turn(starved)
		select {
		case it, more := <-b.run.items:
			b.worker.turn(busy)
			if !more {
				return
			}
			idle = false
			b.add(ctx, it)
		case <-tick.C:
			b.worker.turn(busy)
			if idle {
				b.flush(ctx)
			}
			idle = true
		}
	}
}

func (b *batcher) add(ctx context.Context, it item) {
	if b.ids[it.ID] {
		b.flush(ctx)
	}
	if ctx.Err() != nil {
		return // the front has stopped: what comes is left pending
	}
	b.group = append(b.group, it)
	b.ids[it.ID] = true
	if len(b.group) == batchSize {
		b.flush(ctx)
	}
}

func (b *batcher) flush(ctx context.Context) {
	if len(b.group) > 0 {
		b.pass(ctx, b.group)
		b.group = nil
		clear(b.ids)
	}
}

// pass hands a batch on. If the front has stopped its items are left pending.
func (b *batcher) pass(ctx context.Context, batch []item) {
	if !b.late && b.run.awaitExports(ctx, b.worker) != nil {
		return
	}
	b.run.aside.began()
	if send(ctx, b.worker, b.run.batches, batch) != nil {
		b.run.aside.ended()
		return
	}
	b.worker.did(1, 0)
}

// askAgain requests what was set aside, together and after growing pauses, until nothing
// is left of it. What does not come in the last round fails.
func (b *batcher) askAgain(ctx context.Context) {
	a, began := b.run.aside, time.Now()
	for round, last := 1, false; !last; round++ {
		if a.settle(ctx) != nil {
			return
		}
		over := round >= lateRounds || time.Since(began) > lateTime
		last = over && !b.run.inDoubt(b.worker.traced(ctx))
		items := a.take(last)
		if len(items) == 0 || b.run.job.Source.Pause(b.worker.traced(ctx), round) != nil {
			return
		}
		for _, it := range items {
			if it.before.alone {
				b.pass(ctx, []item{it})
			} else {
				b.add(ctx, it)
			}
		}
		b.flush(ctx)
	}
}
