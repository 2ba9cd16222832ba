package pipeline

import (
	"crypto/sha256"
	"hash"
	"time"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// A framer is the digest stage of one exporter: it lays the bytes of items into
// frames as they arrive, cuts them into chunks and names those by their SHA-256.
// What was decoded where it told is not copied before compression.
//
// A frame takes chunks until it has FrameTarget bytes. A chunk that alone grows
// to that size moves to a frame of its own.
type framer struct {
	emit   func(*frame) error // hands a frame on
	buffer func() []byte
	known  *chunkSet
	worker *worker

	frame *frame
	since time.Time // when the frame was begun
	start int       // where the chunk under way starts in frame.Raw

	refs   []chunkRef // the chunks of the item under way
	whole  hash.Hash  // of the item under way, from its second chunk on
	length int64
}

// A stream is what the framer made of an item's bytes.
type stream struct {
	sha256 manifest.Digest
	length int64
	chunks []chunkRef
}

// room returns the n bytes behind the item under way, if they end neither its chunk nor
// the frame.
func (f *framer) room(n int) []byte {
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

// inRoom reports whether p lies where room told.
func (f *framer) inRoom(p []byte) bool {
	if f.frame == nil || len(p) == 0 {
		return false
	}
	raw := f.frame.Raw
	return len(raw) < cap(raw) && &raw[:len(raw)+1][len(raw)] == &p[0]
}

// write adds bytes to the item under way.
func (f *framer) write(p []byte) error {
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

func (f *framer) begin() {
	if f.frame == nil {
		f.frame = &frame{Frame: compress.Frame{Raw: f.buffer()}, place: &place{}}
		f.start, f.since = 0, time.Now()
	}
}

// reserve makes room for n more bytes: a chunk too long for the buffer moves to one
// that takes all of it.
func (f *framer) reserve(n int) {
	if raw := f.frame.Raw; len(raw)+n > cap(raw) {
		f.frame.Raw = append(make([]byte, 0, compress.MaxFrame), raw...)
	}
}

// pending returns the length of the chunk under way.
func (f *framer) pending() int { return len(f.frame.Raw) - f.start }

// split moves the chunk under way to a frame of its own.
func (f *framer) split() error {
	full, start := f.frame, f.start
	f.frame = nil
	f.begin()
	f.frame.Raw = append(f.frame.Raw, full.Raw[start:]...)
	full.Raw = full.Raw[:start]
	return f.emit(full)
}

// cut ends the chunk under way.
func (f *framer) cut() error {
	chunk := f.frame.Raw[f.start:]
	f.worker.turn(digesting)
	sum := manifest.SumOf(chunk)
	f.wholeWrite(chunk)
	f.worker.turn(busy)
	f.worker.madeDigest(len(chunk))
	ref, isNew := f.known.add(chunkRef{
		place: f.frame.place, sha256: sum, offset: uint32(f.start), length: uint32(len(chunk)),
	})
	f.refs = append(f.refs, ref)
	if !isNew {
		f.drop()
		return nil
	}
	f.frame.Chunks = append(f.frame.Chunks, compress.Chunk{SHA256: sum, Offset: int64(f.start), Length: int64(len(chunk))})
	f.start = len(f.frame.Raw)
	if f.start >= compress.FrameTarget || len(f.frame.Chunks) == compress.MaxFrameChunks {
		return f.flush()
	}
	return nil
}

// wholeWrite keeps the digest of the whole item. An item of one chunk has the
// digest of that chunk and is not read twice.
func (f *framer) wholeWrite(chunk []byte) {
	if int64(len(chunk)) == f.length && len(chunk) < manifest.MaxChunkLength {
		return
	}
	if f.whole == nil {
		f.whole = sha256.New()
	}
	f.whole.Write(chunk)
}

// finish ends the item under way and returns what became of it.
func (f *framer) finish() (stream, error) {
	if f.frame != nil && f.pending() > 0 {
		if err := f.cut(); err != nil {
			return stream{}, err
		}
	}
	s := stream{length: f.length, chunks: f.refs}
	switch {
	case len(f.refs) == 1:
		s.sha256 = f.refs[0].sha256
	case f.whole != nil:
		f.whole.Sum(s.sha256[:0])
	}
	f.reset()
	return s, nil
}

// drop takes the chunk under way out of the frame. Small items do not fill the buffer
// that a long one had for itself.
func (f *framer) drop() {
	f.frame.Raw = f.frame.Raw[:f.start]
	if f.start == 0 && cap(f.frame.Raw) > frameBuffer {
		f.frame = nil
	}
}

// discard drops the item under way. Chunks of it that were cut stay in their
// frames, where another item may have found them already.
func (f *framer) discard() {
	if f.frame != nil {
		f.drop()
	}
	f.reset()
}

func (f *framer) reset() {
	f.refs, f.whole, f.length = nil, nil, 0
}

// flushOlder hands the frame on if it was begun so long ago. No chunk may be under way.
func (f *framer) flushOlder(age time.Duration) error {
	if f.frame == nil || time.Since(f.since) < age {
		return nil
	}
	return f.flush()
}

// flush hands the frame on, if it holds a chunk. No chunk may be under way.
func (f *framer) flush() error {
	full := f.frame
	if full == nil || len(full.Chunks) == 0 {
		return nil
	}
	f.frame = nil
	return f.emit(full)
}
