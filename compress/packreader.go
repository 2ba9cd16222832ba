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

// The bounds of a pack that is read. A pack that is written has less than a third of each.
const (
	maxSeekTable  = 1 << 20 // stored bytes: some 87,000 frames
	maxReadChunks = 1 << 16
	maxReadRaw    = 1 << 30 // uncompressed bytes
)

// maxStoredFrame bounds the stored size of a frame that is read: what zstd makes
// of the largest frame when it does not compress.
const maxStoredFrame = MaxFrame + MaxFrame/128 + 1<<10

// A CorruptError tells that a pack's bytes are not those of a pack.
type CorruptError struct{ Err error }

func (e *CorruptError) Error() string { return "pack is damaged: " + e.Err.Error() }
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(format string, args ...any) error {
	return &CorruptError{fmt.Errorf(format, args...)}
}

// A PackReader reads chunks from a pack. It trusts nothing that the pack says of
// itself: sizes are bounded before memory is taken, and every chunk that it hands
// out has been checked against its digest. It is not safe for concurrent use.
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

// decoder returns the one zstd decoder of the process. DecodeAll is safe for
// concurrent use, and each call is bounded to a frame.
var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderMaxMemory(MaxFrame), zstd.WithDecoderMaxWindow(MaxFrame<<1))
})

// Size returns the number of uncompressed bytes.
func (p *PackReader) Size() int64 { return int64(p.table.Size()) }

// ReadChunk fills dst with the uncompressed bytes at offset and checks that their
// digest is want.
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

// Chunks returns the pack's own list of its chunks. It checks that the list
// covers the uncompressed bytes exactly, not that the bytes are what it says.
func (p *PackReader) Chunks() ([]Chunk, error) {
	entry, ok := p.table.EntryByID(p.table.NumFrames() - 1)
	if !ok || entry.DecompressedSize != 0 {
		return nil, corrupt("no chunk list")
	}
	if end := int64(entry.CompressedOffset) + int64(entry.CompressedSize) + p.src.tableSize; end != p.src.size {
		return nil, corrupt("seek table tells of %d bytes, the pack has %d", end, p.src.size)
	}
	data, err := p.src.read(int64(entry.CompressedOffset), int64(entry.CompressedSize))
	if err != nil {
		return nil, err
	}
	return parseChunkList(data, p.Size())
}

// Verify decodes the whole pack, checks every frame and every chunk of the
// chunk list, and returns that list.
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
