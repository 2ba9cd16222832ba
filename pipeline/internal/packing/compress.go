package packing

import (
	"context"

	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// zstdExcess is by how much a frame that does not compress may grow.
const zstdExcess = 4 << 10

// compress is one worker of the compress stage. While the encoder compresses frames of other runs,
// it waits and counts as busy.
func (p *Packing) compress(ctx context.Context, w *stage.Worker) error {
	for {
		f, ok := stage.Receive(w, p.frames)
		if !ok {
			return nil
		}
		f.Compressed = p.resources.encoder.Compress(p.resources.zstd.take(len(f.Raw)+zstdExcess), f.Raw)
		w.Did(1, int64(len(f.Raw)))
		if err := stage.Send(ctx, w, p.compressed, f); err != nil {
			return err
		}
	}
}
