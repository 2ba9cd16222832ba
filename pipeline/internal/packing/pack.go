package packing

import (
	"context"
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A packer joins frames to packs. It waits for room for a pack: this bounds memory when the bucket
// is slow.
type packer struct {
	*Packing
	worker    *stage.Worker
	open      *compress.PackWriter // nil: no frame is waiting
	locations []*FrameLocation
	since     time.Time
	size      int // of a buffer that will not have to grow, judging by earlier packs
}

// pack is the pack stage. A pack that fills slowly is passed on in time for the next partial
// snapshot.
func (p *Packing) pack(ctx context.Context, w *stage.Worker) error {
	k := &packer{Packing: p, worker: w}
	tick := stage.NewTicker(p.packAge())
	defer tick.Stop()
	for {
		w.SetState(stage.Starved)
		select {
		case f, ok := <-p.compressed:
			w.SetState(stage.Busy)
			if !ok {
				return k.finish(ctx)
			}
			if err := k.add(ctx, f); err != nil {
				return err
			}
		case <-tick.C:
			if time.Since(k.since) < p.packAge() {
				continue
			}
			if err := k.finish(ctx); err != nil {
				return err
			}
		}
	}
}

func (k *packer) add(ctx context.Context, f *frame) error {
	if k.open != nil && !k.open.Fits(f.Frame) {
		if err := k.finish(ctx); err != nil {
			return err
		}
	}
	if k.open == nil {
		if err := k.begin(ctx); err != nil {
			return err
		}
	}
	base, err := k.open.Add(f.Frame)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	f.location.base = base
	k.locations = append(k.locations, f.location)
	k.resources.raw.give(f.Raw)
	k.resources.zstd.give(f.Compressed)
	k.frameRoom.give()
	if k.open.Full() {
		return k.finish(ctx)
	}
	return nil
}

// begin opens a pack when there is room for it.
func (k *packer) begin(ctx context.Context) error {
	if err := k.packRoom.take(ctx, k.worker); err != nil {
		return err
	}
	k.open, k.since = compress.NewPackWriter(k.resources.packData.take(k.size)), time.Now()
	k.open.Limit(k.resources.packTarget)
	return nil
}

// finish passes the pack on, if there is one.
func (k *packer) finish(ctx context.Context) error {
	if k.open == nil {
		return nil
	}
	pack, err := k.open.Finish()
	if err != nil {
		return err
	}
	k.size = max(k.size, cap(pack.Data))
	k.worker.Did(1, int64(len(pack.Data)))
	full := Pack{Pack: pack, Frames: k.locations}
	k.open, k.locations = nil, nil
	return stage.Send(ctx, k.worker, k.packs, full)
}
