package packing

import (
	"context"
	"crypto/sha256"
	"hash"
	"time"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A Framer is the digest stage of one exporter. It puts the bytes of items into frames as they
// arrive, cuts them into chunks, and names these by their SHA-256. Bytes that were decoded into
// Room are not copied before they are compressed.
//
// A frame takes chunks until it has FrameTarget bytes. A chunk that reaches this size alone moves
// to a frame of its own.
type Framer struct {
	emit   func(*frame) error // passes a frame on
	age    func() time.Duration
	buffer func() []byte
	known  *chunkSet
	worker *stage.Worker

	frame *frame
	since time.Time // when the frame was begun
	start int       // of the current chunk, in frame.Raw

	chunks []Chunk   // of the current item
	digest hash.Hash // of the current item, from its second chunk on
	length int64     // of the current item
}

// A frame carries chunks from an exporter to a pack.
type frame struct {
	compress.Frame
	location *FrameLocation
}

// A Stream is a complete item.
type Stream struct {
	SHA256 manifest.Digest
	Length int64
	Chunks []Chunk
}

// NewFramer returns a framer for an exporter, which passes frames on until ctx ends.
func (p *Packing) NewFramer(ctx context.Context, w *stage.Worker) *Framer {
	emit := func(f *frame) error {
		if err := p.frameRoom.take(ctx, w); err != nil {
			return err
		}
		return stage.Send(ctx, w, p.frames, f)
	}
	buffer := func() []byte { return p.resources.raw.take(frameBuffer) }
	return &Framer{emit: emit, age: p.FrameAge, buffer: buffer, known: p.known, worker: w}
}

// Room returns n bytes of memory behind the current item, where its next bytes may be decoded; nil
// if they would end its chunk or the frame.
func (f *Framer) Room(n int) []byte {
	f.begin()
	end := f.pending() + n
	if end >= manifest.MaxChunkLength || f.start > 0 && end >= compress.FrameTarget {
		return nil
	}
	if raw := f.frame.Raw; len(raw)+n <= cap(raw) {
		return raw[len(raw) : len(raw)+n]
	}
	return nil
}

// inRoom reports whether p is at the start of what Room returned.
func (f *Framer) inRoom(p []byte) bool {
	if f.frame == nil || len(p) == 0 {
		return false
	}
	raw := f.frame.Raw
	return len(raw) < cap(raw) && &raw[:len(raw)+1][len(raw)] == &p[0]
}

// Write adds bytes to the current item.
func (f *Framer) Write(p []byte) error {
	if f.inRoom(p) {
		f.frame.Raw = f.frame.Raw[:len(f.frame.Raw)+len(p)]
		f.length += int64(len(p))
		return nil
	}
	for len(p) > 0 {
		f.begin()
		n := min(len(p), manifest.MaxChunkLength-f.pending())
		if f.start > 0 && f.pending()+n >= compress.FrameTarget {
			if err := f.split(); err != nil {
				return err
			}
		}
		f.reserve(n)
		f.frame.Raw = append(f.frame.Raw, p[:n]...)
		f.length += int64(n)
		p = p[n:]
		if f.pending() == manifest.MaxChunkLength {
			if err := f.cut(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *Framer) begin() {
	if f.frame == nil {
		f.frame = &frame{Frame: compress.Frame{Raw: f.buffer()}, location: &FrameLocation{}}
		f.start, f.since = 0, time.Now()
	}
}

// reserve makes room for n more bytes. A frame that is too long for its buffer moves to one that
// has room for any frame.
func (f *Framer) reserve(n int) {
	if raw := f.frame.Raw; len(raw)+n > cap(raw) {
		f.frame.Raw = append(make([]byte, 0, compress.MaxFrame), raw...)
	}
}

// pending returns the length of the current chunk.
func (f *Framer) pending() int { return len(f.frame.Raw) - f.start }

// split moves the current chunk to a frame of its own.
func (f *Framer) split() error {
	full, start := f.frame, f.start
	f.frame = nil
	f.begin()
	f.frame.Raw = append(f.frame.Raw, full.Raw[start:]...)
	full.Raw = full.Raw[:start]
	return f.emit(full)
}

// cut ends the current chunk.
func (f *Framer) cut() error {
	data := f.frame.Raw[f.start:]
	f.worker.SetState(stage.Digesting)
	sum := manifest.SumOf(data)
	f.addDigest(data)
	f.worker.SetState(stage.Busy)
	f.worker.Digested(len(data))
	chunk, isNew := f.known.add(Chunk{
		Frame: f.frame.location, sha256: sum, offset: uint32(f.start), length: uint32(len(data)),
	})
	f.chunks = append(f.chunks, chunk)
	if !isNew {
		f.drop()
		return nil
	}
	f.frame.Chunks = append(f.frame.Chunks, compress.Chunk{SHA256: sum, Offset: int64(f.start), Length: int64(len(data))})
	f.start = len(f.frame.Raw)
	if f.start >= compress.FrameTarget || len(f.frame.Chunks) == compress.MaxFrameChunks {
		return f.Flush()
	}
	return nil
}

// addDigest adds a chunk to the digest of the item. An item of one chunk has the digest of the
// chunk and is not read twice.
func (f *Framer) addDigest(chunk []byte) {
	if int64(len(chunk)) == f.length && len(chunk) < manifest.MaxChunkLength {
		return
	}
	if f.digest == nil {
		f.digest = sha256.New()
	}
	f.digest.Write(chunk)
}

// Finish ends the current item and returns it.
func (f *Framer) Finish() (Stream, error) {
	if f.frame != nil && f.pending() > 0 {
		if err := f.cut(); err != nil {
			return Stream{}, err
		}
	}
	s := Stream{Length: f.length, Chunks: f.chunks}
	switch {
	case len(f.chunks) == 1:
		s.SHA256 = f.chunks[0].sha256
	case f.digest != nil:
		f.digest.Sum(s.SHA256[:0])
	}
	f.reset()
	return s, nil
}

// drop removes the current chunk from the frame. A buffer that a long chunk had for itself is not
// filled with small items.
func (f *Framer) drop() {
	f.frame.Raw = f.frame.Raw[:f.start]
	if f.start == 0 && cap(f.frame.Raw) > frameBuffer {
		f.frame = nil
	}
}

// Discard drops the current item. Its chunks that were cut stay in their frames: another item may
// have found them already.
func (f *Framer) Discard() {
	if f.frame != nil {
		f.drop()
	}
	f.reset()
}

func (f *Framer) reset() {
	f.chunks, f.digest, f.length = nil, nil, 0
}

// FlushOld passes the frame on if it has waited longer than the packing's FrameAge. There is no
// current item.
func (f *Framer) FlushOld() error {
	if f.frame == nil || time.Since(f.since) < f.age() {
		return nil
	}
	return f.Flush()
}

// Flush passes the frame on if it has a chunk. There is no current item.
func (f *Framer) Flush() error {
	full := f.frame
	if full == nil || len(full.Chunks) == 0 {
		return nil
	}
	f.frame = nil
	return f.emit(full)
}
