package pipeline

import (
	"context"
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/compress"
)

// A packed pack goes from the packer over the upload to the record stage.
type packed struct {
	compress.Pack
	places []*place // of its frames
}

// A packer joins frames to packs. It waits for room for a pack: this is what holds
// memory down when the bucket is slow. When the bucket is quick, the buffers of two do.
type packer struct {
	run    *run
	worker *worker
	open   *compress.PackWriter // nil: no frame is waiting
	places []*place
	since  time.Time
	size   int // of a buffer that will not have to grow, as far as earlier packs tell
}

// pack is the pack stage. A pack that fills slowly is passed on when it has waited
// for half as long as a partial snapshot does, so that its items come into the next one.
func (r *run) pack(ctx context.Context, w *worker) error {
	p := &packer{run: r, worker: w}
	tick := time.NewTicker(max(min(r.packAge(), lookEvery), time.Millisecond))
	defer tick.Stop()
	for {
		w.turn(starved)
		select {
		case f, ok := <-r.packing:
			w.turn(busy)
			if !ok {
				return p.finish(ctx)
			}
			if err := p.add(ctx, f); err != nil {
				return err
			}
		case <-tick.C:
			if time.Since(p.since) < r.packAge() {
				continue
			}
			if err := p.finish(ctx); err != nil {
				return err
			}
		}
	}
}

func (p *packer) add(ctx context.Context, f *frame) error {
	if p.open != nil && !p.open.Fits(f.Frame) {
		if err := p.finish(ctx); err != nil {
			return err
		}
	}
	if p.open == nil {
		if err := p.begin(ctx); err != nil {
			return err
		}
	}
	base, err := p.open.Add(f.Frame)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	f.place.base = base
	p.places = append(p.places, f.place)
	p.run.pool.raw.give(f.Raw)
	p.run.pool.zstd.give(f.Compressed)
	p.run.frameRoom.give()
	if p.open.Full() {
		return p.finish(ctx)
	}
	return nil
}

// begin opens a pack when there is room for it.
func (p *packer) begin(ctx context.Context) error {
	if err := p.run.packRoom.take(ctx, p.worker); err != nil {
		return err
	}
	p.open, p.since = compress.NewPackWriter(p.run.pool.packData.take(p.size)), time.Now()
	p.open.Limit(p.run.pool.packTarget)
	return nil
}

// finish passes the pack on, if there is one.
func (p *packer) finish(ctx context.Context) error {
	if p.open == nil {
		return nil
	}
	pack, err := p.open.Finish()
	if err != nil {
		return err
	}
	p.size = max(p.size, cap(pack.Data))
	p.worker.did(1, int64(len(pack.Data)))
	done := packed{Pack: pack, places: p.places}
	p.open, p.places = nil, nil
	return send(ctx, p.worker, p.run.packs, done)
}
