package packing

import (
	"context"
	"runtime"
	"sync/atomic"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// Resources are what the runs of a process share: compressors, uploads, and memory. They are safe
// for concurrent use.
//
// No run waits for another without end. A run holds, in this order: room for frames, from when an
// exporter has filled one until it is in a pack; room for a pack, from its first frame until it is
// durable; and an upload, while the bucket takes a pack.
//
//   - An upload ends when the bucket answers, and a full pack goes as soon as there is an upload.
//   - A run that waits for room for a pack fills none, and there is more room than there are other
//     runs. So some of it is free, or held by full packs.
//   - A frame's room is returned when the frame's pack has room.
type Resources struct {
	encoder *compress.Encoder // compresses as many frames at a time as there are cores for it
	frames  chan struct{}     // room for filled frames
	packs   chan struct{}     // room for packs
	uploads chan struct{}

	packTarget  int // stored bytes
	compressors int

	raw, zstd, packData buffers
}

const (
	// Two uploads at a time keep a store busy while packs are being filled. Packs of 32 MiB are most
	// of a run's memory.
	uploaders = 2

	// More compressors than export requests of a mailbox have nothing to do.
	maxCompressors = 4

	// An encoder at work takes some megabytes.
	maxEncoders = 16

	// packMemory bounds the stored bytes of the packs in memory. Packs are smaller where there are
	// too many runs for full ones.
	packMemory    = 384 << 20
	minPackTarget = 4 << 20

	// frameBuffer has room for a frame of small items. Larger frames move to a buffer of their own.
	frameBuffer = 2 * compress.FrameTarget
)

// NewResources returns resources for a number of runs at a time. Packs end at packTarget stored
// bytes; 0 stands for as many as memory allows, and 32 MiB at most.
func NewResources(runs, packTarget int) (*Resources, error) {
	encoders := min(runtime.GOMAXPROCS(0), maxCompressors*runs, maxEncoders)
	encoder, err := compress.NewEncoder(encoders)
	if err != nil {
		return nil, err
	}
	// One frame more than those that are compressed and packed lets all of these proceed.
	frames, packs := encoders+runs+1, uploaders+runs
	if packTarget == 0 {
		packTarget = min(max(packMemory/packs-compress.PackExcess, minPackTarget), compress.PackTarget)
	}
	return &Resources{
		encoder: encoder, packTarget: packTarget, compressors: encoders,
		frames: make(chan struct{}, frames), packs: make(chan struct{}, packs), uploads: make(chan struct{}, uploaders),
		raw: make(buffers, frames+4*runs), zstd: make(buffers, frames), packData: make(buffers, packs),
	}, nil
}

// Compressors returns the number of frames that are compressed at a time.
func (r *Resources) Compressors() int { return r.compressors }

// InUse returns how many frames, packs and uploads the runs hold.
func (r *Resources) InUse() int { return len(r.frames) + len(r.packs) + len(r.uploads) }

// Close frees the encoders. All runs have ended.
func (r *Resources) Close() error { return r.encoder.Close() }

// A share is what a run holds of a bounded resource.
type share struct {
	of   chan struct{}
	held atomic.Int64
}

// take waits for one more. The worker is blocked meanwhile.
func (s *share) take(ctx context.Context, w *stage.Worker) error {
	if err := stage.Send(ctx, w, s.of, struct{}{}); err != nil {
		return err
	}
	s.held.Add(1)
	return nil
}

// give returns one.
func (s *share) give() {
	s.held.Add(-1)
	<-s.of
}

// giveAll returns what a run holds whose goroutines have ended.
func (s *share) giveAll() {
	for s.held.Load() > 0 {
		s.give()
	}
}

// buffers keeps a bounded number of byte slices for reuse.
type buffers chan []byte

// take returns an empty buffer with at least the given capacity.
func (b buffers) take(capacity int) []byte {
	select {
	case p := <-b:
		if cap(p) >= capacity {
			return p[:0]
		}
	default:
	}
	return make([]byte, 0, capacity)
}

// give returns a buffer. If there is no room, the garbage collector takes it.
func (b buffers) give(p []byte) {
	select {
	case b <- p:
	default:
	}
}
