package pipeline

import (
	"sync"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// A frame carries chunks from the digest stage to the packer. Where it came to
// lie is known once its pack is durable; only the record stage reads that.
type frame struct {
	compress.Frame
	place *place
}

// A place is where a frame lies. It belongs to the record stage, except for
// base, which the packer sets before the record stage hears of the pack.
type place struct {
	pack    manifest.Digest // zero until the pack is durable
	base    int64           // the frame's first byte in the pack's uncompressed bytes
	waiting []*exported     // items whose rows need it
}

// A chunkRef is a chunk of an item: a part of a frame.
type chunkRef struct {
	place  *place
	sha256 manifest.Digest
	offset uint32
	length uint32
}

// knownChunks is of how many chunks at least the run knows where they are. Equal
// ones are near each other: an item that moved or was asked for again.
const knownChunks = 1 << 14

// A chunkSet knows the chunks that the run has put into frames, so that none is
// stored twice. It forgets the oldest, so that its size does not depend on the run's.
type chunkSet struct {
	mu       sync.Mutex
	now, old map[manifest.Digest]chunkPlace
}

type chunkPlace struct {
	place  *place
	offset uint32
}

func newChunkSet() *chunkSet { return &chunkSet{now: map[manifest.Digest]chunkPlace{}} }

// add returns the place of the chunk: an earlier one, or else its own, which is
// remembered.
func (s *chunkSet) add(ref chunkRef) (known chunkRef, isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.now[ref.sha256]
	if !ok {
		p, ok = s.old[ref.sha256]
	}
	if ok {
		ref.place, ref.offset = p.place, p.offset
		return ref, false
	}
	if len(s.now) == knownChunks {
		s.now, s.old = make(map[manifest.Digest]chunkPlace, knownChunks), s.now
	}
	s.now[ref.sha256] = chunkPlace{ref.place, ref.offset}
	return ref, true
}

// buffers is a bounded store of byte slices for reuse.
type buffers chan []byte

// take returns an empty buffer of the capacity told, or more.
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

// give returns a buffer; what finds no room is left to the garbage collector.
func (b buffers) give(p []byte) {
	select {
	case b <- p:
	default:
	}
}
