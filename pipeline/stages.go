package pipeline

import (
	"context"
	"time"
)

// zstdExcess is what a frame that does not compress may take more.
const zstdExcess = 4 << 10

// compress is one compression worker. It waits for its turn in the encoder, which
// is busy with other frames then.
func (r *run) compress(ctx context.Context, w *worker) error {
	for {
		f, more := receive(w, r.frames)
		if !more {
			return nil
		}
		f.Compressed = r.pool.encoder.Compress(r.pool.zstd.take(len(f.Raw)+zstdExcess), f.Raw)
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
		r.pool.packData.give(p.Data)
		p.Data = nil
		r.packRoom.give()
		if err := send(ctx, w, r.durable, p); err != nil {
			return err
		}
	}
}

// put makes a pack durable when it has its turn among the uploads, which others keep
// busy until then.
func (r *run) put(ctx context.Context, w *worker, p *packed) (isNew bool, err error) {
	w.turn(waiting)
	defer w.turn(busy)
	select {
	case r.pool.uploads <- struct{}{}:
		defer func() { <-r.pool.uploads }()
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	began := time.Now()
	if isNew, err = r.job.Repository.PutPack(ctx, p.SHA256, p.Data); err == nil {
		w.did(1, int64(len(p.Data)))
		w.took(time.Since(began))
	}
	return isNew, err
}
