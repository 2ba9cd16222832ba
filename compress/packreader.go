package compress

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/manifest"
)

// The bounds of packs that are read. Packs that are written stay below a third of them.
const (
	maxSeekTable  = 1 << 20 // stored bytes: about 87,000 frames
	maxReadChunks = 1 << 16
	maxReadRaw    = 1 << 30 // uncompressed bytes
)

// maxStoredFrame bounds the stored size of a frame that is read: the largest frame, if zstd cannot
// compress it.
const maxStoredFrame = MaxFrame + MaxFrame/128 + 1<<10

// A CorruptError means that bytes are not those of a pack.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "pack is damaged: " + e.Err.Error() }
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(format string, args ...any) error {
	return &CorruptError{fmt.Errorf(format, args...)}
}

// A PackReader reads chunks from an untrusted pack: it bounds sizes before it takes memory, and
// checks the digest of every chunk that it returns. It is not safe for concurrent use.
type PackReader struct {
	src   *source
	table seekable.SeekTable
	pack  *seekable.Reader
}

// NewPackReader opens a pack of size bytes. It reads the seek table.
func NewPackReader(r io.ReaderAt, size int64) (*PackReader, error) {
	if size > MaxPackSize {
		return nil, corrupt("%d bytes, more than %d", size, MaxPackSize)
	}
	dec, err := decoder()
	if err != nil {
		return nil, err
	}
	p := &PackReader{src: &source{r: r, size: size}}
	p.pack, err = seekable.NewReader(nil, dec, seekable.WithReaderEnvironment(p.src))
	if err != nil {
		return nil, p.src.blame(err)
	}
	if p.table, err = p.pack.SeekTable(); err != nil {
		return nil, err
	}
	if p.table.Size() > maxReadRaw {
		return nil, corrupt("%d uncompressed bytes, more than %d", p.table.Size(), maxReadRaw)
	}
	return p, nil
}

// decoder returns the zstd decoder that all readers share. DecodeAll is safe for concurrent use,
// and its output is bounded to a frame.
var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxFrame), zstd.WithDecoderMaxWindow(MaxFrame<<1))
})

// Size returns the number of uncompressed bytes.
func (p *PackReader) Size() int64 { return int64(p.table.Size()) }

// ReadChunk fills dst with the uncompressed bytes at offset, and returns a CorruptError if their
// digest is not want.
func (p *PackReader) ReadChunk(dst []byte, offset int64, want manifest.Digest) error {
	if _, err := p.pack.ReadAt(dst, offset); err != nil && !errors.Is(err, io.EOF) {
		return p.src.blame(err)
	} else if err != nil {
		return corrupt("chunk %s of %d bytes at %d: beyond the pack's %d", want, len(dst), offset, p.Size())
	}
	if got := manifest.SumOf(dst); got != want {
		return corrupt("chunk at %d of %d bytes is %s, not %s", offset, len(dst), got, want)
	}
	return nil
}

// Chunks returns the pack's own list of its chunks. It checks that the list covers the uncompressed
// bytes exactly, but not the digests.
func (p *PackReader) Chunks() ([]Chunk, error) {
	entry, ok := p.table.EntryByID(p.table.NumFrames() - 1)
	if !ok || entry.DecompressedSize != 0 {
		return nil, corrupt("no chunk list")
	}
	if end := int64(entry.CompressedOffset) + int64(entry.CompressedSize) + p.src.tableSize; end != p.src.size {
		return nil, corrupt("seek table covers %d bytes, the pack has %d", end, p.src.size)
	}
	data, err := p.src.read(int64(entry.CompressedOffset), int64(entry.CompressedSize))
	if err != nil {
		return nil, err
	}
	return parseChunkList(data, p.Size())
}

// Verify decodes the pack, checks every frame and every chunk, and returns the pack's chunk list.
func (p *PackReader) Verify() ([]Chunk, error) {
	chunks, err := p.Chunks()
	if err != nil {
		return nil, err
	}
	buf := make([]byte, 0, FrameTarget)
	for _, c := range chunks {
		if int64(cap(buf)) < c.Length {
			buf = make([]byte, c.Length)
		}
		if err := p.ReadChunk(buf[:c.Length], c.Offset, c.SHA256); err != nil {
			return nil, err
		}
	}
	return chunks, nil
}
