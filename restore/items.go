package restore

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// An itemReader reads the streams of items. It keeps a few packs open, so that the seek table of a
// pack is read once for neighbouring items. It is not safe for concurrent use.
type itemReader struct {
	repo  *repository.Repository
	packs map[manifest.Digest]*compress.PackReader
	order []manifest.Digest // of packs, the first opened first
	buf   []byte
	last  manifest.Chunk // the chunk in buf
}

// maxOpenPacks bounds the packs that an itemReader keeps open. Each holds a frame of at most 4 MiB.
const maxOpenPacks = 4

func newItemReader(repo *repository.Repository) *itemReader {
	return &itemReader{repo: repo, packs: map[manifest.Digest]*compress.PackReader{}}
}

// writeTo writes the row's stream to w. Each chunk's digest is checked before its bytes are
// written; the item's digest is checked at the end.
func (r *itemReader) writeTo(ctx context.Context, w io.Writer, row *manifest.Row) error {
	if repeats(row.Chunks) {
		if err := r.check(ctx, row); err != nil {
			return err
		}
	}
	return r.copy(ctx, w, row)
}

// repeats reports whether a list has a chunk twice. Such a list can describe a stream far larger
// than the repository, so the stream is checked before any of it is written.
func repeats(chunks []manifest.Chunk) bool {
	seen := make(map[manifest.Digest]bool, len(chunks))
	for i := range chunks {
		if seen[chunks[i].SHA256] {
			return true
		}
		seen[chunks[i].SHA256] = true
	}
	return false
}

// check reads the row's stream and checks its digests.
func (r *itemReader) check(ctx context.Context, row *manifest.Row) error {
	return r.copy(ctx, io.Discard, row)
}

func (r *itemReader) copy(ctx context.Context, w io.Writer, row *manifest.Row) error {
	sum := sha256.New()
	for i := range row.Chunks {
		c := &row.Chunks[i]
		chunk, err := r.chunk(ctx, c)
		if err != nil {
			return fmt.Errorf("item %s: %s: %w", row.ID, repository.PackKey(c.Pack), err)
		}
		if len(row.Chunks) > 1 {
			sum.Write(chunk)
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("item %s: %w", row.ID, err)
		}
	}
	if len(row.Chunks) == 1 {
		return nil // Row.Check ensures that the only chunk has the item's digest
	}
	if got := manifest.Digest(sum.Sum(nil)); got != row.SHA256 {
		return fmt.Errorf("item %s: its chunks have the digest %s, not %s", row.ID, got, row.SHA256)
	}
	return nil
}

// chunk returns the bytes of a chunk, valid until the next call. A damaged chunk is read a second
// time before it is an error: it may have been changed in transit.
func (r *itemReader) chunk(ctx context.Context, c *manifest.Chunk) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if *c == r.last {
		return r.buf[:c.Length], nil // an item of zeros repeats one chunk
	}
	r.last = manifest.Chunk{}
	chunk, err := r.readChunk(ctx, c)
	if _, corrupt := errors.AsType[*compress.CorruptError](err); corrupt {
		r.close(c.Pack)
		chunk, err = r.readChunk(ctx, c)
	}
	if err == nil {
		r.last = *c
	}
	return chunk, err
}

func (r *itemReader) readChunk(ctx context.Context, c *manifest.Chunk) ([]byte, error) {
	pack, err := r.pack(ctx, c.Pack)
	if err != nil {
		return nil, err
	}
	if int64(cap(r.buf)) < c.Length {
		r.buf = make([]byte, c.Length)
	}
	buf := r.buf[:c.Length]
	return buf, pack.ReadChunk(buf, c.Offset, c.SHA256)
}

func (r *itemReader) pack(ctx context.Context, digest manifest.Digest) (*compress.PackReader, error) {
	if p := r.packs[digest]; p != nil {
		return p, nil
	}
	at, err := r.repo.PackAt(ctx, digest)
	if err != nil {
		return nil, err
	}
	p, err := compress.NewPackReader(at, at.Size())
	if err != nil {
		return nil, err
	}
	if len(r.order) == maxOpenPacks {
		r.close(r.order[0])
	}
	r.packs[digest] = p
	r.order = append(r.order, digest)
	return p, nil
}

// close drops a pack, if it is open.
func (r *itemReader) close(digest manifest.Digest) {
	delete(r.packs, digest)
	r.order = slices.DeleteFunc(r.order, func(d manifest.Digest) bool { return d == digest })
}
