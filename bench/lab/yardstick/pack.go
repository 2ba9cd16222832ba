package yardstick

import (
	"context"
	"fmt"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/repository"
)

// packing is the stages pack and upload.
type packing struct {
	repo           *repository.Repository
	watch, uploads *stopwatch
	writer         *compress.PackWriter // nil: no pack is open
	buf            []byte               // of the last pack
}

// add adds frames to packs.
func (p *packing) add(ctx context.Context, frames []compress.Frame) error {
	for _, f := range frames {
		var err error
		if p.writer != nil && !p.writer.Fits(f) {
			if err := p.finish(ctx); err != nil {
				return err
			}
		}
		p.watch.time(func() {
			if p.writer == nil {
				p.writer = compress.NewPackWriter(p.buf)
			}
			_, err = p.writer.Add(f)
		})
		if err != nil {
			return fmt.Errorf("stage %s: %w", stagePack, err)
		}
		p.watch.run.Bytes += int64(len(f.Raw))
		if p.writer.Full() {
			if err := p.finish(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish stores the open pack.
func (p *packing) finish(ctx context.Context) error {
	if p.writer == nil {
		return nil
	}
	var pack compress.Pack
	var err error
	p.watch.time(func() { pack, err = p.writer.Finish() })
	if err != nil {
		return fmt.Errorf("stage %s: %w", stagePack, err)
	}
	p.uploads.time(func() { _, err = p.repo.PutPack(ctx, pack.SHA256, pack.Data) })
	if err != nil {
		return fmt.Errorf("stage %s: %w", stageUpload, err)
	}
	p.uploads.run.Bytes += pack.Raw
	p.uploads.run.Out += int64(len(pack.Data))
	p.writer, p.buf = nil, pack.Data
	return nil
}
