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

// segments copies a snapshot's segments, one after the other. It continues after a damaged one.
func (m *mailbox) segments(ctx context.Context, s *snapshots.Snapshot) error {
	damaged := m.each(ctx, s, s.Segments, m.segment)
	if damaged != nil && !errors.Is(damaged, errDamaged) {
		return damaged
	}
	return errors.Join(damaged, m.each(ctx, s, s.KeySegments(), m.keys))
}

// each calls copy for each segment that the target does not hold.
func (m *mailbox) each(ctx context.Context, s *snapshots.Snapshot, all []manifest.Segment, copy func(context.Context, manifest.Segment) error) (damaged error) {
	for _, g := range all {
		err := m.checkEntry(ctx, s, g)
		if err == nil {
			err = m.once(object{repository.KindSegment, g.SHA256}, func() error { return copy(ctx, g) })
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
		return c.sourceError(ctx, repository.SegmentKey(g.SHA256), err)
	}
	isNew, err := c.to.PutSegment(ctx, g.SHA256, data)
	return c.written(repository.KindSegment, g.Size, isNew, err)
}

// checkEntry checks a snapshot's entry of a segment against the entries of earlier snapshots, and
// against the size of the segment in the target, which is not read again.
func (m *mailbox) checkEntry(ctx context.Context, s *snapshots.Snapshot, g manifest.Segment) error {
	m.mu.Lock()
	size, held := m.held[object{repository.KindSegment, g.SHA256}]
	m.mu.Unlock()
	before, known := m.seen[g.SHA256]
	m.seen[g.SHA256] = g
	if known && before != g || held && size != g.Size {
		return m.sourceError(ctx, repository.ManifestKey(s.Digest), fmt.Errorf("segment %s does not have %d bytes and %d rows", g.SHA256, g.Size, g.Rows))
	}
	return nil
}

// segment copies a segment and, before it, the packs that its rows need.
func (c *copier) segment(ctx context.Context, g manifest.Segment) error {
	data, err := c.from.ReadSegment(ctx, g.SHA256, g.Size)
	if err != nil {
		return c.sourceError(ctx, repository.SegmentKey(g.SHA256), err)
	}
	if err := c.packs(ctx, g, data); err != nil {
		return err
	}
	isNew, err := c.to.PutSegment(ctx, g.SHA256, data)
	return c.written(repository.KindSegment, g.Size, isNew, err)
}

// packs copies the packs of a segment's rows, a few at a time.
func (c *copier) packs(ctx context.Context, g manifest.Segment, data []byte) error {
	var damaged atomic.Bool
	seen := map[manifest.Digest]bool{}
	group, packCtx := errgroup.WithContext(ctx)
	group.SetLimit(packWorkers)
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
				err := c.pack(packCtx, digest)
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
		return ctx.Err() // the loop skips rows once the caller has cancelled
	case rowErr != nil:
		return c.sourceError(ctx, repository.SegmentKey(g.SHA256), rowErr)
	case damaged.Load():
		return errDamaged
	}
	return nil
}

func (c *copier) pack(ctx context.Context, digest manifest.Digest) error {
	return c.once(object{repository.KindPack, digest}, func() error { return c.copyPack(ctx, digest) })
}

// copyPack copies a pack when a slot is free.
func (c *copier) copyPack(ctx context.Context, digest manifest.Digest) error {
	select {
	case c.packSlots <- struct{}{}:
		defer func() { <-c.packSlots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	data, err := c.from.ReadPack(ctx, digest)
	if err != nil {
		return c.sourceError(ctx, repository.PackKey(digest), err)
	}
	isNew, err := c.to.PutPack(ctx, digest, data)
	return c.written(repository.KindPack, int64(len(data)), isNew, err)
}

// manifest copies a manifest, given its stored bytes.
func (c *copier) manifest(ctx context.Context, digest manifest.Digest, stored []byte) error {
	return c.once(object{repository.KindManifest, digest}, func() error {
		err := c.to.PutManifest(ctx, digest, stored)
		return c.written(repository.KindManifest, int64(len(stored)), true, err)
	})
}

// once calls do, which copies an object, unless the target holds the object. All callers that need
// an object share one call, and return when it is done.
func (c *copier) once(o object, do func() error) error {
	c.mu.Lock()
	size, held := c.held[o]
	result := c.copies[o]
	if held {
		delete(c.held, o)
		result = succeeded
	} else if result == nil {
		result = sync.OnceValue(do)
	}
	c.copies[o] = result
	c.mu.Unlock()
	if held {
		c.tally.add(func(r *Report) { r.Skipped.of(o.kind).add(size) })
	}
	err := result()
	if err == nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.copies[o] = succeeded // frees the memory of do
	}
	return err
}

func succeeded() error { return nil }

// written counts an object that was written to the target, or already existed there.
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
