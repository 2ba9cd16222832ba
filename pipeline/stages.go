package pipeline

import (
	"context"

	"github.com/mailhaul/mailhaul/compress"
)

// compress is one compression worker.
func (r *run) compress(ctx context.Context, enc *compress.Encoder) error {
	for f := range r.frames {
		f.Compressed = enc.Compress(r.zstd.take(compress.MaxFrame+4<<10), f.Raw)
		if err := send(ctx, r.packing, f); err != nil {
			return err
		}
	}
	return nil
}

// upload is one upload worker. A pack that it passes on is durable.
func (r *run) upload(ctx context.Context) error {
	for p := range r.packs {
		isNew, err := r.job.Repository.PutPack(ctx, p.SHA256, p.Data)
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
		if err := send(ctx, r.durable, p); err != nil {
			return err
		}
	}
	return nil
}
