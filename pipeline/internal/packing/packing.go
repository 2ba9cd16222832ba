// Package packing turns the bytes of items into packs in the repository.
//
//	Framer ─▶ compress ×CPU ─▶ pack ─▶ upload ×2 ─▶ Durable
//
// Each exporter has a Framer, which cuts items into chunks and collects these in frames. The stages
// behind it compress the frames, join them to packs and upload those. The locations of an item's
// chunks are complete when all of their packs have come out of Durable.
package packing

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
	"github.com/mailhaul/mailhaul/repository"
)

// Options of a run's packing.
type Options struct {
	Repository *repository.Repository
	Resources  *Resources

	// Interval is the time between partial snapshots. Frames and packs that fill slowly are passed
	// on so early that their items are durable in that time.
	Interval time.Duration

	// Stored is called with the size of each pack that the repository did not have.
	Stored func(size int)
}

// A Packing turns the items of one run into packs.
type Packing struct {
	opts       Options
	resources  *Resources
	frameRoom  share // for frames on their way to a pack
	packRoom   share // for packs that are not durable
	known      *chunkSet
	hurry      atomic.Bool
	frames     chan *frame // digest → compress
	compressed chan *frame // compress → pack
	packs      chan Pack   // pack → upload
	durable    chan Pack   // upload → record
}

// A Pack is on its way into the repository.
type Pack struct {
	compress.Pack
	Frames []*FrameLocation
}

// New returns a run's packing. Channels have room for one frame for each taker, so that a stage
// proceeds while the next one starts; more would only take memory.
func New(opts Options) *Packing {
	return &Packing{
		opts: opts, resources: opts.Resources, known: newChunkSet(),
		frameRoom: share{of: opts.Resources.frames}, packRoom: share{of: opts.Resources.packs},
		frames: make(chan *frame, 1), compressed: make(chan *frame, 1),
		packs: make(chan Pack), durable: make(chan Pack, uploaders),
	}
}

// Start starts the stages. They end when Close was called and all packs are durable, or with an
// error.
func (p *Packing) Start(ctx context.Context, g *stage.Group, c *stage.Clocks) {
	run := func(n int, c *stage.Clock, work func(context.Context, *stage.Worker) error, after func()) {
		g.Run(n, c, func(w *stage.Worker) error { return work(ctx, w) }, after)
	}
	run(min(p.resources.compressors, maxCompressors), &c.Compress, p.compress, func() { close(p.compressed) })
	run(1, &c.Pack, p.pack, func() { close(p.packs) })
	run(uploaders, &c.Upload, p.upload, func() { close(p.durable) })
}

// Durable returns the packs that are in the repository.
func (p *Packing) Durable() <-chan Pack { return p.durable }

// Close ends the frames. All framers have been flushed.
func (p *Packing) Close() { close(p.frames) }

// Release returns the resources that the packing holds. Its goroutines have ended.
func (p *Packing) Release() {
	p.packRoom.giveAll()
	p.frameRoom.giveAll()
}

// Hurry passes frames and packs on before they are full, until it is called with false.
func (p *Packing) Hurry(on bool) { p.hurry.Store(on) }

// FrameAge returns how long a frame may wait until it is full.
func (p *Packing) FrameAge() time.Duration { return p.age(p.opts.Interval / 4) }

func (p *Packing) packAge() time.Duration { return p.age(p.opts.Interval / 2) }

func (p *Packing) age(d time.Duration) time.Duration {
	if p.hurry.Load() {
		return 0
	}
	return d
}

// A FrameLocation is where a frame is stored.
type FrameLocation struct {
	pack manifest.Digest // zero until SetDurable
	base int64           // the frame's first byte in the pack's uncompressed bytes
}

// IsDurable reports whether the frame's pack was passed to SetDurable.
func (l *FrameLocation) IsDurable() bool { return !l.pack.IsZero() }

// SetDurable completes the locations of a pack that came out of Durable. Locations are not safe
// for concurrent use: one goroutine sets and reads them.
func (p *Pack) SetDurable() {
	for _, l := range p.Frames {
		l.pack = p.SHA256
	}
}

// A Chunk is a part of an item, and of a frame.
type Chunk struct {
	Frame  *FrameLocation
	sha256 manifest.Digest
	offset uint32
	length uint32
}

// Manifest returns the chunk as a row has it. Its frame is durable.
func (c Chunk) Manifest() manifest.Chunk {
	return manifest.Chunk{
		Pack: c.Frame.pack, Offset: c.Frame.base + int64(c.offset), Length: int64(c.length), SHA256: c.sha256,
	}
}
