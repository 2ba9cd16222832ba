package yardstick

import (
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/compress"
)

const (
	// ownLevel is the variant of compress that mailhaul uses.
	ownLevel = "mailhaul"

	// bestBytes limits the input of the best level, which takes ten times as long as the fastest.
	bestBytes = 128 << 20
)

// A level is a variant of the stage compress.
type level struct {
	watch  *stopwatch
	encode func(dst, raw []byte) []byte
	close  func()
	keep   bool  // frames get the output
	limit  int64 // input bytes, up to a frame more; 0: no limit
	out    []byte
}

// newLevels returns mailhaul's own encoder and, if requested, other levels with the same frames.
func (s *stages) newLevels(all bool) ([]*level, error) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		return nil, err
	}
	levels := []*level{{watch: s.watch(stageCompress, ownLevel), encode: enc.Compress, close: func() { _ = enc.Close() }, keep: true}}
	if !all {
		return levels, nil
	}
	for _, l := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compress.FrameTarget))
		if err != nil {
			return nil, err
		}
		encode := func(dst, raw []byte) []byte { return z.EncodeAll(raw, dst) }
		other := &level{watch: s.watch(stageCompress, l.String()), encode: encode, close: func() { _ = z.Close() }}
		if l == zstd.SpeedBestCompression {
			other.limit = bestBytes
		}
		levels = append(levels, other)
	}
	return levels, nil
}

// compress compresses frames. Their compressed bytes are valid until the next call.
func (l *level) compress(frames []compress.Frame) {
	frames = l.withinLimit(frames)
	l.out = slices.Grow(l.out[:0], l.outputSize(frames)) // outside the clock
	ends := make([]int, len(frames))
	l.watch.time(func() {
		for i := range frames {
			if !l.keep {
				l.watch.run.Out += int64(len(l.out))
				l.out = l.out[:0]
			}
			l.out = l.encode(l.out, frames[i].Raw)
			ends[i] = len(l.out)
		}
	})
	l.watch.run.Out += int64(len(l.out))
	start := 0
	for i := range frames {
		l.watch.run.Bytes += int64(len(frames[i].Raw))
		if l.keep {
			frames[i].Compressed = l.out[start:ends[i]]
			start = ends[i]
		}
	}
}

// withinLimit returns the first frames, up to the level's limit.
func (l *level) withinLimit(frames []compress.Frame) []compress.Frame {
	input := l.watch.run.Bytes
	for i := range frames {
		if l.limit > 0 && input >= l.limit {
			return frames[:i]
		}
		input += int64(len(frames[i].Raw))
	}
	return frames
}

// outputSize returns the most bytes that are in the output at a time.
func (l *level) outputSize(frames []compress.Frame) int {
	if !l.keep {
		return compress.MaxFrame + 1<<10
	}
	n := 0
	for i := range frames {
		n += len(frames[i].Raw) + 1<<10
	}
	return n
}

// A stream compresses all items into one zstd stream, the yardstick for the size of frames.
type stream struct {
	zstd *zstd.Encoder
	size counter
}

// A counter is an io.Writer that counts.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func newStream() (*stream, error) {
	s := &stream{}
	var err error
	s.zstd, err = zstd.NewWriter(&s.size, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compress.MaxFrame))
	return s, err
}

func (s *stream) write(p []byte) error {
	_, err := s.zstd.Write(p)
	return err
}

// end returns the bytes of the stream.
func (s *stream) end() (int64, error) {
	err := s.zstd.Close()
	return int64(s.size), err
}
