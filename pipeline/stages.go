package pipeline

import (
	"context"
	"time"

	"github.com/mailhaul/mailhaul/compress"
)

// compress is one compression worker.
func (r *run) compress(ctx context.Context, w *worker, enc *compress.Encoder) error {
	for {
		f, more := receive(w, r.frames)
		if !more {
			return nil
		}
		f.Compressed = enc.Compress(r.zstd.take(compress.MaxFrame+4<<10), f.Raw)
		w.did(1, int64(len(f.Raw)))
		if err := send(ctx, w, r.packing, f); err != nil {
			return err
		}
	}
}

// upload is one upload worker. A pack that it passes on is durable.
func (r *run) upload(ctx context.Context, w *worker) error {
	for {
		p, more := receive(w, r.packs)
		if !more {
			return nil
		}
		isNew, err := r.put(ctx, w, &p)
		if err != nil {
			return err
		}
		if isNew {
			r.opts.Progress.Packs.Add(1)
			r.opts.Progress.Stored.Add(int64(len(p.Data)))
		}
		r.packData.give(p.Data)
		p.Data = nil
		<-r.packRoom
		if err := send(ctx, w, r.durable, p); err != nil {
			return err
		}
	}
}

// put makes a pack durable.
func (r *run) put(ctx context.Context, w *worker, p *packed) (isNew bool, err error) {
	began := time.Now()
	w.turn(waiting)
	defer w.turn(busy)
	if isNew, err = r.job.Repository.PutPack(ctx, p.SHA256, p.Data); err == nil {
		w.did(1, int64(len(p.Data)))
		w.took(time.Since(began))
	}
	return isNew, err
}
