package bench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// digestItems names chunks, and items of several chunks, by their SHA-256.
func (b *stageBench) digestItems() {
	b.digest.time(func() {
		for _, item := range b.items.all {
			for chunk := range chunksOf(item) {
				sha256.Sum256(chunk)
			}
			if len(item) > manifest.MaxChunkLength {
				sha256.Sum256(item)
			}
		}
	})
	b.digest.run.Bytes += int64(len(b.items.data))
}

// chunksOf cuts an item into chunks.
func chunksOf(item []byte) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(item) > 0 {
			n := min(len(item), manifest.MaxChunkLength)
			if !yield(item[:n]) {
				return
			}
			item = item[n:]
		}
	}
}

// framesOf lays the chunks of items into frames by the rule of the repository's format: a frame takes chunks until it has
// its target, and a chunk of that size is a frame of its own.
func framesOf(items *pile) []compress.Frame {
	var frames []compress.Frame
	var f compress.Frame
	flush := func() {
		if len(f.Raw) > 0 {
			frames = append(frames, f)
		}
		f = compress.Frame{}
	}
	for _, item := range items.all {
		for chunk := range chunksOf(item) {
			if len(chunk) >= compress.FrameTarget {
				flush()
			}
			f.Chunks = append(f.Chunks, compress.Chunk{SHA256: manifest.SumOf(chunk), Offset: int64(len(f.Raw)), Length: int64(len(chunk))})
			if f.Raw == nil {
				f.Raw = chunk
			} else {
				f.Raw = f.Raw[:len(f.Raw)+len(chunk)] // they lie end to end
			}
			if len(f.Raw) >= compress.FrameTarget || len(f.Chunks) == compress.MaxFrameChunks {
				flush()
			}
		}
	}
	flush()
	return frames
}

// A level is a way to compress.
type level struct {
	watch  *stopwatch
	encode func(dst, raw []byte) []byte
	close  func()
	keep   bool  // what it makes is packed
	most   int64 // bytes that it is given, a frame more or less; all if zero
	out    []byte
}

// ours is the variant of compress that mailhaul uses.
const ours = "mailhaul"

// bestBytes is what the best level is measured over: it takes ten times as long as the fastest.
const bestBytes = 128 << 20

// newLevels returns mailhaul's own encoder and, if all are wanted, others with the same frames.
func (b *stageBench) newLevels(all bool) ([]*level, error) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		return nil, err
	}
	levels := []*level{{watch: b.watch(stageCompress, ours), encode: enc.Compress, close: func() { _ = enc.Close() }, keep: true}}
	if !all {
		return levels, nil
	}
	for _, l := range []zstd.EncoderLevel{zstd.SpeedFastest, zstd.SpeedDefault, zstd.SpeedBetterCompression, zstd.SpeedBestCompression} {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(l), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(compress.FrameTarget))
		if err != nil {
			return nil, err
		}
		encode := func(dst, raw []byte) []byte { return z.EncodeAll(raw, dst) }
		other := &level{watch: b.watch(stageCompress, l.String()), encode: encode, close: func() { _ = z.Close() }}
		if l == zstd.SpeedBestCompression {
			other.most = bestBytes
		}
		levels = append(levels, other)
	}
	return levels, nil
}

// room is how many bytes there must be for what frames become, so that growing is no part of the stage.
func (l *level) room(frames []compress.Frame) int {
	if !l.keep {
		return compress.MaxFrame + 1<<10
	}
	n := 0
	for i := range frames {
		n += len(frames[i].Raw) + 1<<10
	}
	return n
}

// wanted returns the frames that the level is measured over.
func (l *level) wanted(frames []compress.Frame) []compress.Frame {
	given := l.watch.run.Bytes
	for i := range frames {
		if l.most > 0 && given >= l.most {
			return frames[:i]
		}
		given += int64(len(frames[i].Raw))
	}
	return frames
}

// compress compresses frames. What is kept of them is valid until the next call.
func (l *level) compress(frames []compress.Frame) {
	frames = l.wanted(frames)
	l.out = slices.Grow(l.out[:0], l.room(frames))
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

// packing is the stages pack and upload.
type packing struct {
	repo        *repository.Repository
	watch, puts *stopwatch
	writer      *compress.PackWriter
	buf         []byte
}

func (b *stageBench) newPacking(repo *repository.Repository) *packing {
	return &packing{repo: repo, watch: b.watch(stagePack, ""), puts: b.watch(stageUpload, "")}
}

// pack joins frames to packs.
func (p *packing) pack(ctx context.Context, frames []compress.Frame) error {
	for _, f := range frames {
		var err error
		if p.writer != nil && !p.writer.Fits(f) {
			if err := p.finish(ctx); err != nil {
				return err
			}
		}
		p.watch.time(func() {
			if p.writer == nil {
				p.writer = compress.NewPackWriter(p.buf)
			}
			_, err = p.writer.Add(f)
		})
		if err != nil {
			return fmt.Errorf("stage %s: %w", stagePack, err)
		}
		p.watch.run.Bytes += int64(len(f.Raw))
		if p.writer.Full() {
			if err := p.finish(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// finish ends a pack and stores it.
func (p *packing) finish(ctx context.Context) error {
	if p.writer == nil {
		return nil
	}
	var pack compress.Pack
	var err error
	p.watch.time(func() { pack, err = p.writer.Finish() })
	if err != nil {
		return fmt.Errorf("stage %s: %w", stagePack, err)
	}
	p.puts.time(func() { _, err = p.repo.PutPack(ctx, pack.SHA256, pack.Data) })
	if err != nil {
		return fmt.Errorf("stage %s: %w", stageUpload, err)
	}
	p.puts.run.Bytes += pack.Raw
	p.puts.run.Out += int64(len(pack.Data))
	p.writer, p.buf = nil, pack.Data
	return nil
}

// A stream is all items in one zstd stream, which mailhaul's frames can be compared with.
type stream struct {
	zstd *zstd.Encoder
	size counter
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

var _ io.Writer = (*counter)(nil)

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

func (s *stream) end() (int64, error) {
	err := s.zstd.Close()
	return int64(s.size), err
}
