package replicate

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// segments copies a snapshot's segments, one after the other. One that cannot be copied does
// not keep the others from it.
func (m *mailbox) segments(ctx context.Context, s *snapshots.Snapshot) error {
	damaged := m.each(ctx, s, s.Segments, m.segment)
	if damaged != nil && !errors.Is(damaged, errDamaged) {
		return damaged
	}
	return errors.Join(damaged, m.each(ctx, s, s.KeySegments(), m.keys))
}

// each copies objects of a snapshot that the target does not hold.
func (m *mailbox) each(ctx context.Context, s *snapshots.Snapshot, all []manifest.Segment, do func(context.Context, manifest.Segment) error) (damaged error) {
	for _, g := range all {
		err := m.listed(ctx, s, g)
		if err == nil {
			err = m.once(object{repository.KindSegment, g.SHA256}, func() error { return do(ctx, g) })
		}
		if errors.Is(err, errDamaged) {
			damaged = err
		} else if err != nil {
			return err
		}
	}
	return damaged
}

// keys copies the keys of a listing under way.
func (c *copier) keys(ctx context.Context, g manifest.Segment) error {
	data, err := c.from.ReadSegment(ctx, g.SHA256, g.Size)
	if err == nil {
		_, err = g.ReadKeys(data)
	}
	if err != nil {
		return c.found(ctx, repository.SegmentKey(g.SHA256), err)
	}
	isNew, err := c.to.PutSegment(ctx, g.SHA256, data)
	return c.written(repository.KindSegment, g.Size, isNew, err)
}

// listed holds what a snapshot tells of a segment against what others told, and against the
// segment in the target: it is not read again.
func (m *mailbox) listed(ctx context.Context, s *snapshots.Snapshot, g manifest.Segment) error {
	m.mu.Lock()
	size, held := m.held[object{repository.KindSegment, g.SHA256}]
	m.mu.Unlock()
	before, known := m.lists[g.SHA256]
	m.lists[g.SHA256] = g
	if known && before != g || held && size != g.Size {
		return m.found(ctx, repository.ManifestKey(s.Digest), fmt.Errorf("segment %s is not of %d bytes with %d rows", g.SHA256, g.Size, g.Rows))
	}
	return nil
}

// segment copies a segment and, before it, the packs that its rows need.
func (c *copier) segment(ctx context.Context, g manifest.Segment) error {
	data, err := c.from.ReadSegment(ctx, g.SHA256, g.Size)
	if err != nil {
		return c.found(ctx, repository.SegmentKey(g.SHA256), err)
	}
	if err := c.packs(ctx, g, data); err != nil {
		return err
	}
	isNew, err := c.to.PutSegment(ctx, g.SHA256, data)
	return c.written(repository.KindSegment, g.Size, isNew, err)
}

// packs copies the packs of a segment's rows, several at once.
func (c *copier) packs(ctx context.Context, g manifest.Segment, data []byte) error {
	var damaged atomic.Bool
	seen := map[manifest.Digest]bool{}
	group, packCtx := errgroup.WithContext(ctx)
	group.SetLimit(packsAtOnce)
	var rowErr error
	for row, err := range g.ReadRows(data) {
		if err != nil || packCtx.Err() != nil {
			rowErr = err
			break
		}
		for i := range row.Chunks {
			digest := row.Chunks[i].Pack
			if seen[digest] {
				continue
			}
			seen[digest] = true
			group.Go(func() error {
				err := c.once(object{repository.KindPack, digest}, func() error { return c.pack(packCtx, digest) })
				if errors.Is(err, errDamaged) {
					damaged.Store(true)
					return nil
				}
				return err
			})
		}
	}
	err := group.Wait()
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return ctx.Err() // perhaps not all rows were read
	case rowErr != nil:
		return c.found(ctx, repository.SegmentKey(g.SHA256), rowErr)
	case damaged.Load():
		return errDamaged
	}
	return nil
}

// pack copies a pack when there is room for it.
func (c *copier) pack(ctx context.Context, digest manifest.Digest) error {
	select {
	case c.room <- struct{}{}:
		defer func() { <-c.room }()
	case <-ctx.Done():
		return ctx.Err()
	}
	data, err := c.from.ReadPack(ctx, digest)
	if err != nil {
		return c.found(ctx, repository.PackKey(digest), err)
	}
	isNew, err := c.to.PutPack(ctx, digest, data)
	return c.written(repository.KindPack, int64(len(data)), isNew, err)
}

// manifest copies a manifest, which is not much: it was read already.
func (c *copier) manifest(ctx context.Context, digest manifest.Digest, stored []byte) error {
	return c.once(object{repository.KindManifest, digest}, func() error {
		err := c.to.PutManifest(ctx, digest, stored)
		return c.written(repository.KindManifest, int64(len(stored)), true, err)
	})
}

// once does what copies an object, unless the target holds it, and only once,
// whoever needs the object. It returns when that is done.
func (c *copier) once(o object, do func() error) error {
	c.mu.Lock()
	try, size, held := c.tried[o], c.held[o], false
	if _, held = c.held[o]; held {
		delete(c.held, o)
		try = succeeded
	} else if try == nil {
		try = sync.OnceValue(do)
	}
	c.tried[o] = try
	c.mu.Unlock()
	if held {
		c.tally.add(func(r *Report) { r.Skipped.of(o.kind).add(size) })
	}
	err := try()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.tried[o] = succeeded // which takes less memory
	}
	return err
}

func succeeded() error { return nil }

// written counts an object that was written to the target, or found there.
func (c *copier) written(kind repository.Kind, size int64, isNew bool, err error) error {
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	c.tally.add(func(r *Report) {
		if isNew {
			r.Copied.of(kind).add(size)
		} else {
			r.Skipped.of(kind).add(size)
		}
	})
	c.copied(size)
	return nil
}

func (c *copier) copied(size int64) {
	c.progress.Copied.Add(1)
	c.progress.Bytes.Add(size)
}
