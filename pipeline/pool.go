package pipeline

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/compress"
)

// A Pool is what the runs of a process share: compressors, uploads, and the memory for
// what is between Graph and the bucket. It is safe for concurrent use.
//
// No run waits for another one without end. A run holds, in this order, a place in the
// pool; room for frames, from when an exporter has filled one until it is in a pack; room
// for a pack, from its first frame until it is durable; and an upload, while the bucket
// takes a pack. An upload ends when the bucket answers. A full pack goes once there
// is an upload for it. A run that waits for room for a pack has none that it fills, and
// there is more of it than there are other runs: so some of it is free, or held by
// full packs. A frame's room is given back when its pack has room. A run that waits for
// its place holds nothing.
type Pool struct {
	encoder *compress.Encoder // compresses as many frames at once as there are cores for it
	places  chan struct{}
	frames  chan struct{} // room for filled frames
	packs   chan struct{} // room for packs
	uploads chan struct{}

	packTarget  int // stored bytes
	compressors int

	raw, zstd, packData buffers // for the next ones of those
	clocks              *clocks
}

const (
	// Two uploads keep a store busy while packs are being filled: with 32 MiB each,
	// packs are most of a run's memory.
	uploaders = 2

	// More compressors than export requests of a mailbox have nothing to do.
	maxCompressors = 4

	// Each encoder at work keeps some megabytes.
	maxEncoders = 16

	// packMemory bounds the packs that are in memory, stored. Packs are smaller where
	// there are too many runs for full ones.
	packMemory    = 384 << 20
	minPackTarget = 4 << 20

	// frameBuffer has room for a frame of small items. Larger ones move to a buffer
	// of their own.
	frameBuffer = 2 * compress.FrameTarget
)

// NewPool returns a pool for so many runs at once; further ones wait until one of these
// has ended. The caller closes it when they are over.
func NewPool(runs int) (*Pool, error) {
	runs = max(runs, 1)
	encoders := min(runtime.GOMAXPROCS(0), maxCompressors*runs, maxEncoders)
	encoder, err := compress.NewEncoder(encoders)
	if err != nil {
		return nil, err
	}
	// One frame more than those that are compressed and packed lets all of these go on.
	frames, packs := encoders+runs+1, uploaders+runs
	return &Pool{
		encoder: encoder,
		places:  make(chan struct{}, runs), uploads: make(chan struct{}, uploaders),
		frames: make(chan struct{}, frames), packs: make(chan struct{}, packs),
		packTarget:  min(max(packMemory/packs-compress.PackExcess, minPackTarget), compress.PackTarget),
		compressors: encoders,
		raw:         make(buffers, frames+4*runs), zstd: make(buffers, frames), packData: make(buffers, packs),
		clocks: newClocks(nil),
	}, nil
}

// Compressors returns how many frames are compressed at once.
func (p *Pool) Compressors() int { return p.compressors }

// Close ends the pool's use. Its runs are over.
func (p *Pool) Close() error { return p.encoder.Close() }

// Stages tells what the stages of all runs together did so far. It may be called at
// any time; what a worker is at is counted when it is done with it.
func (p *Pool) Stages() []Stage { return p.clocks.stages() }

// A share is what a run holds of a bounded part of its pool.
type share struct {
	of   chan struct{}
	held atomic.Int64
}

// take waits for one more, in which time the worker is blocked.
func (s *share) take(ctx context.Context, w *worker) error {
	if err := send(ctx, w, s.of, struct{}{}); err != nil {
		return err
	}
	s.held.Add(1)
	return nil
}

// give gives one back.
func (s *share) give() {
	s.held.Add(-1)
	<-s.of
}

// giveAll gives back what a run that broke off holds. Its goroutines have ended.
func (s *share) giveAll() {
	for s.held.Load() > 0 {
		s.give()
	}
}
