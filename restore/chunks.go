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

// An itemReader reads the streams of items. It keeps a few packs open, so that
// items which lie beside each other cost one look at the pack's seek table. It is
// not safe for concurrent use.
type itemReader struct {
	repo  *repository.Repository
	packs map[manifest.Digest]*compress.PackReader
	order []manifest.Digest // of packs, the oldest first
	buf   []byte
	last  manifest.Chunk // that buf holds
}

// openPacks bounds the packs that an itemReader keeps open. Each holds a frame
// of at most 4 MiB.
const openPacks = 4

func newItemReader(repo *repository.Repository) *itemReader {
	return &itemReader{repo: repo, packs: map[manifest.Digest]*compress.PackReader{}}
}

// writeTo writes the row's stream to w. Bytes are written only after their
// chunk's digest was checked; the digest of the whole is checked at the end.
func (r *itemReader) writeTo(ctx context.Context, w io.Writer, row *manifest.Row) error {
	if repeats(row.Chunks) {
		if err := r.check(ctx, row); err != nil {
			return err
		}
	}
	return r.copy(ctx, w, row)
}

// repeats reports whether a chunk stands in a list twice. Then the list may be of any length,
// whatever the repository holds, and the whole is checked before any of it is written.
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

// check reads the row's stream.
func (r *itemReader) check(ctx context.Context, row *manifest.Row) error {
	return r.copy(ctx, io.Discard, row)
}

func (r *itemReader) copy(ctx context.Context, w io.Writer, row *manifest.Row) error {
	whole := sha256.New()
	for i := range row.Chunks {
		c := &row.Chunks[i]
		chunk, err := r.chunk(ctx, c)
		if err != nil {
			return fmt.Errorf("item %s: %s: %w", row.ID, repository.PackKey(c.Pack), err)
		}
		if len(row.Chunks) > 1 {
			whole.Write(chunk)
		}
		if _, err := w.Write(chunk); err != nil {
			return fmt.Errorf("item %s: %w", row.ID, err)
		}
	}
	if len(row.Chunks) == 1 {
		return nil // the chunk's digest is the item's: the row was checked for it
	}
	if got := manifest.Digest(whole.Sum(nil)); got != row.SHA256 {
		return fmt.Errorf("item %s: its chunks make %s, not %s", row.ID, got, row.SHA256)
	}
	return nil
}

// chunk returns the bytes of a chunk, valid until the next call. What is damaged is read
// again before it is called so: it may have been changed on its way.
func (r *itemReader) chunk(ctx context.Context, c *manifest.Chunk) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if *c == r.last {
		return r.buf[:c.Length], nil // an item of zeros is one chunk many times
	}
	r.last = manifest.Chunk{}
	chunk, err := r.readChunk(ctx, c)
	if errors.As(err, new(*compress.CorruptError)) {
		r.forget(c.Pack)
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
	if len(r.order) == openPacks {
		r.forget(r.order[0])
	}
	r.packs[digest] = p
	r.order = append(r.order, digest)
	return p, nil
}

// forget closes a pack, if it is open.
func (r *itemReader) forget(digest manifest.Digest) {
	delete(r.packs, digest)
	r.order = slices.DeleteFunc(r.order, func(d manifest.Digest) bool { return d == digest })
}
