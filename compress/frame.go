package compress

import (
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	// FrameTarget is the uncompressed size at which a frame is full: 1 MiB. Small items share
	// zstd's window, and reading one item decompresses few others.
	FrameTarget = 1 << 20

	// MaxFrame bounds a frame's uncompressed size: 4 MiB, one chunk of the greatest length.
	MaxFrame = manifest.MaxChunkLength

	// MaxFrameChunks bounds the chunks of a frame, so that a pack's chunk list stays small compared
	// with its frames.
	MaxFrameChunks = 4096
)

// window is zstd's window, for which the encoder takes twice the memory. Few frames are longer, and
// a larger window makes them hardly smaller.
const window = FrameTarget

// A Chunk is a range of bytes: of a frame's uncompressed bytes in a Frame, of the pack's in a Pack.
type Chunk struct {
	SHA256 manifest.Digest
	Offset int64
	Length int64
}

// A Frame is a compressed frame that can be added to a pack.
type Frame struct {
	Raw        []byte  // the uncompressed bytes
	Compressed []byte  // one zstd frame of Raw
	Chunks     []Chunk // in order, covering Raw
}

// An Encoder compresses frames. It is safe for concurrent use.
type Encoder struct{ zstd *zstd.Encoder }

// NewEncoder returns an encoder at zstd's fastest level. It keeps the state of as many Compress
// calls as run at a time.
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

// Compress appends one zstd frame of raw to dst and returns it. The frame has its content size and
// a checksum.
func (e *Encoder) Compress(dst, raw []byte) []byte { return e.zstd.EncodeAll(raw, dst) }

// Close releases the encoder.
func (e *Encoder) Close() error { return e.zstd.Close() }
