package packing

import (
	"sync"

	"github.com/mailhaul/mailhaul/manifest"
)

// minKnownChunks is the number of chunks whose location a run remembers at least. Equal chunks
// follow each other closely: an item that moved, or was requested again.
const minKnownChunks = 1 << 14

// A chunkSet remembers the chunks that the run has put into frames, so that none is stored twice.
// It forgets the oldest: its size does not depend on the run's.
type chunkSet struct {
	mu       sync.Mutex
	now, old map[manifest.Digest]chunkLocation
}

type chunkLocation struct {
	frame  *FrameLocation
	offset uint32
}

func newChunkSet() *chunkSet { return &chunkSet{now: map[manifest.Digest]chunkLocation{}} }

// add returns the chunk with the location of an earlier equal one. If there is none, it remembers
// the chunk's own location, and isNew is true.
func (s *chunkSet) add(c Chunk) (known Chunk, isNew bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.now[c.sha256]
	if !ok {
		l, ok = s.old[c.sha256]
	}
	if ok {
		c.Frame, c.offset = l.frame, l.offset
		return c, false
	}
	if len(s.now) == minKnownChunks {
		s.now, s.old = make(map[manifest.Digest]chunkLocation, minKnownChunks), s.now
	}
	s.now[c.sha256] = chunkLocation{c.Frame, c.offset}
	return c, true
}
