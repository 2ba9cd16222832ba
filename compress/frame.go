package compress

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	// FrameTarget is the uncompressed size from which a frame takes no more
	// chunks: 1 MiB, so that small items share a window and one item is read
	// back without much of its neighbours.
	FrameTarget = 1 << 20

	// MaxFrame bounds a frame's uncompressed size: 4 MiB, one chunk of the
	// greatest length.
	MaxFrame = manifest.MaxChunkLength

	// MaxFrameChunks bounds the chunks of a frame, so that a pack's chunk list
	// stays small beside its frames.
	MaxFrameChunks = 4096
)

// window is how far back zstd looks, which takes the encoder twice the memory. Few frames
// are longer, and hardly smaller with a larger one.
const window = FrameTarget

// A Chunk is a run of bytes and its place: in a frame's uncompressed bytes
// while it is written, in the pack's once it is packed.
type Chunk struct {
	SHA256 manifest.Digest
	Offset int64
	Length int64
}

// A Frame is a compressed frame on its way into a pack.
type Frame struct {
	Raw        []byte  // the uncompressed bytes
	Compressed []byte  // one zstd frame of Raw
	Chunks     []Chunk // in order, covering Raw
}

// An Encoder compresses frames. It is safe for concurrent use.
type Encoder struct{ zstd *zstd.Encoder }

// NewEncoder returns an encoder at zstd's fastest level that keeps the state of
// as many concurrent Compress calls as told.
func NewEncoder(concurrency int) (*Encoder, error) {
	enc, err := zstd.NewWriter(nil,
		zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithEncoderConcurrency(max(1, concurrency)),
		zstd.WithWindowSize(window),
		zstd.WithEncoderCRC(true))
	if err != nil {
		return nil, fmt.Errorf("zstd encoder: %w", err)
	}
	return &Encoder{enc}, nil
}

// Compress appends one zstd frame of raw to dst and returns it. The frame tells
// its content size and carries a checksum.
func (e *Encoder) Compress(dst, raw []byte) []byte { return e.zstd.EncodeAll(raw, dst) }

// Close ends the encoder's use.
func (e *Encoder) Close() error { return e.zstd.Close() }
