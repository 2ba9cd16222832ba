package compress

import (
	"errors"
	"fmt"
	"io"

	"github.com/SaveTheRbtz/zstd-seekable-format-go/pkg"
)

// A source hands a pack's stored bytes to the seekable reader, and nothing
// larger than a pack can hold.
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
		return nil, corrupt("%d bytes at %d: only %d are there", length, offset, n)
	}
	s.failed = err
	return nil, err
}

// blame returns the error of the underlying reader if there was one, and calls
// the pack damaged otherwise.
func (s *source) blame(err error) error {
	if s.failed != nil {
		err, s.failed = s.failed, nil
		return err
	}
	var damaged *CorruptError
	if errors.As(err, &damaged) {
		return damaged
	}
	return &CorruptError{err}
}
