package compress

import (
	"errors"
	"fmt"
	"io"

	"github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
)

// A source reads a pack's stored bytes for the seekable reader, and bounds the lengths of its
// reads.
type source struct {
	r         io.ReaderAt
	size      int64
	tableSize int64
	failed    error // the last error of r itself
}

var _ seekable.ReaderEnvironment = (*source)(nil)

func (s *source) GetFrameByIndex(e seekable.FrameOffsetEntry) ([]byte, error) {
	if e.CompressedSize > maxStoredFrame || e.DecompressedSize > MaxFrame {
		return nil, fmt.Errorf("frame of %d bytes, %d compressed", e.DecompressedSize, e.CompressedSize)
	}
	if e.CompressedOffset > uint64(s.size) {
		return nil, fmt.Errorf("frame at %d of %d bytes", e.CompressedOffset, s.size)
	}
	return s.read(int64(e.CompressedOffset), int64(e.CompressedSize))
}

func (s *source) ReadFooter() ([]byte, error) {
	return s.read(s.size-seekTableTrailer, seekTableTrailer)
}

func (s *source) ReadSkipFrame(offset int64) ([]byte, error) {
	if offset > maxSeekTable {
		return nil, fmt.Errorf("seek table of %d bytes", offset)
	}
	s.tableSize = offset
	return s.read(s.size-offset, offset)
}

func (s *source) read(offset, length int64) ([]byte, error) {
	if offset < 0 || length < 0 || offset > s.size-length {
		return nil, corrupt("%d bytes at %d of a pack of %d", length, offset, s.size)
	}
	p := make([]byte, length)
	n, err := s.r.ReadAt(p, offset)
	if n == len(p) {
		return p, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return nil, corrupt("%d bytes at %d: only %d exist", length, offset, n)
	}
	s.failed = err
	return nil, err
}

// blame returns the underlying reader's error if there was one, and otherwise a CorruptError.
func (s *source) blame(err error) error {
	if s.failed != nil {
		err, s.failed = s.failed, nil
		return err
	}
	if damaged, ok := errors.AsType[*CorruptError](err); ok {
		return damaged
	}
	return &CorruptError{err}
}
