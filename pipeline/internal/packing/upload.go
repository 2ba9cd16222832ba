package packing

import (
	"context"
	"time"

	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// upload is one worker of the upload stage. A pack that it passes on is durable.
func (p *Packing) upload(ctx context.Context, w *stage.Worker) error {
	for {
		pack, ok := stage.Receive(w, p.packs)
		if !ok {
			return nil
		}
		isNew, err := p.put(ctx, w, &pack)
		if err != nil {
			return err
		}
		if isNew {
			p.opts.Stored(len(pack.Data))
		}
		p.resources.packData.give(pack.Data)
		pack.Data = nil
		p.packRoom.give()
		if err := stage.Send(ctx, w, p.durable, pack); err != nil {
			return err
		}
	}
}

// put stores a pack. It waits while other runs have all uploads.
func (p *Packing) put(ctx context.Context, w *stage.Worker, pack *Pack) (isNew bool, err error) {
	w.SetState(stage.Waiting)
	defer w.SetState(stage.Busy)
	select {
	case p.resources.uploads <- struct{}{}:
		defer func() { <-p.resources.uploads }()
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	began := time.Now()
	if isNew, err = p.opts.Repository.PutPack(ctx, pack.SHA256, pack.Data); err == nil {
		w.Did(1, int64(len(pack.Data)))
		w.Took(time.Since(began))
	}
	return isNew, err
}
