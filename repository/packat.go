package repository

import (
	"context"
	"io"

	"github.com/mailhaul/mailhaul/manifest"
)

// PackAt opens a pack for reading parts of it. All reads end with ctx.
func (r *Repository) PackAt(ctx context.Context, d manifest.Digest) (*io.SectionReader, error) {
	key := PackKey(d)
	size, err := r.bucket.size(ctx, key)
	if err != nil {
		return nil, err
	}
	read := func(dst []byte, offset int64) (int, error) { return r.bucket.readRange(ctx, key, dst, offset) }
	return io.NewSectionReader(readerAt(read), 0, size), nil
}

// A readerAt implements io.ReaderAt.
type readerAt func(dst []byte, offset int64) (int, error)

func (f readerAt) ReadAt(dst []byte, offset int64) (int, error) { return f(dst, offset) }
