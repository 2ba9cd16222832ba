package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

func verifyPack(data []byte) ([]compress.Chunk, error) {
	r, err := compress.NewPackReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, err
	}
	return r.Verify()
}

// choosePacks marks the packs that the chosen mailboxes' snapshots need. A
// verification of everything reads all packs, and needs no choice. What is wrong
// here is found again, and told, by the walk.
func (v *verifier) choosePacks(ctx context.Context) error {
	if len(v.opts.Mailboxes) == 0 || v.opts.SkipData {
		return nil
	}
	seen := map[manifest.Digest]bool{}
	return v.eachSnapshot(ctx, func(s *snapshots.Snapshot) error {
		for _, segment := range s.Segments {
			if seen[segment.SHA256] {
				continue
			}
			seen[segment.SHA256] = true
			if err := v.chooseOf(ctx, segment); err != nil && ends(ctx, err) {
				return err
			}
		}
		return nil
	}, func(string, error) {})
}

// chooseOf marks the packs that a segment's rows need.
func (v *verifier) chooseOf(ctx context.Context, segment manifest.Segment) error {
	data, err := v.repo.ReadSegment(ctx, segment.SHA256, segment.Size)
	if err != nil {
		return err
	}
	for row, err := range segment.ReadRows(data) {
		if err != nil {
			return err
		}
		for i := range row.Chunks {
			if p := v.packs[row.Chunks[i].Pack]; p != nil {
				p.wanted = true
			}
		}
	}
	return nil
}

// ends reports whether an error ends the verification: it is of the store or the caller, and
// not of what is read.
func ends(ctx context.Context, err error) bool {
	return ctx.Err() != nil || repository.IsTransient(err)
}

// eachSnapshot calls do with every snapshot of the chosen mailboxes that can be
// read, in order, and damaged with the ref of every other.
func (v *verifier) eachSnapshot(ctx context.Context, do func(*snapshots.Snapshot) error, damaged func(key string, err error)) error {
	for _, m := range v.mailboxes {
		if m.missing != nil {
			damaged(m.missing.Key, m.missing)
			continue
		}
		for sequence := range m.last {
			sequence++
			s, err := snapshots.Load(ctx, v.repo, m.id, sequence)
			if err == nil {
				err = do(s)
				if err != nil {
					return err
				}
				continue
			}
			if ends(ctx, err) {
				return err
			}
			damaged(damagedKey(err, repository.RefKey(m.id, sequence)), err)
		}
	}
	return nil
}

// damagedKey returns the key that a corrupt object's error names, or else key.
func damagedKey(err error, key string) string {
	var object *repository.CorruptError
	if errors.As(err, &object) {
		return object.Key
	}
	return key
}

// walk goes through the chosen mailboxes' snapshots, the oldest first.
func (v *verifier) walk(ctx context.Context) error {
	var state *mailboxState
	err := v.eachSnapshot(ctx, func(s *snapshots.Snapshot) error {
		v.result.Snapshots++
		if state == nil || state.mailbox != s.Mailbox.ID {
			v.result.Items += state.heldItems()
			state = newMailboxState(s.Mailbox.ID)
			v.result.Mailboxes++
		}
		return v.walkSnapshot(ctx, s, state)
	}, v.problem)
	v.result.Items += state.heldItems()
	return err
}

// walkSnapshot checks one snapshot against its parent, its segments and, by
// their rows, the packs.
func (v *verifier) walkSnapshot(ctx context.Context, s *snapshots.Snapshot, state *mailboxState) error {
	key := repository.ManifestKey(s.Digest)
	v.use(s.Digest)
	if want := state.last; s.Parent != want && s.Sequence != 1 {
		v.problem(key, fmt.Errorf("its parent is %s, but snapshot %d of the mailbox is %s", s.Parent, s.Sequence-1, want))
	}
	state.last = s.Digest
	for _, segment := range state.news(s.Segments) {
		err := v.readSegment(ctx, segment, state)
		if err == nil {
			continue
		}
		if ends(ctx, err) {
			return err
		}
		state.broken = true
		v.problem(damagedKey(err, repository.SegmentKey(segment.SHA256)), err)
	}
	if err := state.check(s.Snapshot); err != nil {
		v.problem(key, err)
	}
	return v.walkKeys(ctx, s)
}

// walkKeys checks the keys of listings under way, unless another snapshot led to them before.
func (v *verifier) walkKeys(ctx context.Context, s *snapshots.Snapshot) error {
	for _, g := range s.KeySegments() {
		v.use(g.SHA256)
		if v.segments[g.SHA256] {
			continue
		}
		v.segments[g.SHA256] = true
		v.result.Segments++
		data, err := v.repo.ReadSegment(ctx, g.SHA256, g.Size)
		if err == nil {
			_, err = g.ReadKeys(data)
		}
		if err != nil {
			if ends(ctx, err) {
				return err
			}
			v.problem(damagedKey(err, repository.SegmentKey(g.SHA256)), err)
		}
	}
	return nil
}

func (v *verifier) use(digest manifest.Digest) {
	if m := v.meta[digest]; m != nil {
		m.used = true
	}
}

// readSegment applies a segment's rows to the state, and checks their chunks
// unless another snapshot led to them before.
func (v *verifier) readSegment(ctx context.Context, segment manifest.Segment, state *mailboxState) error {
	v.use(segment.SHA256)
	data, err := state.stored(segment, func() ([]byte, error) { return v.repo.ReadSegment(ctx, segment.SHA256, segment.Size) })
	if err != nil {
		return err
	}
	known := v.segments[segment.SHA256]
	if !known {
		v.segments[segment.SHA256] = true
		v.result.Segments++
	}
	for row, err := range segment.ReadRows(data) {
		if err != nil {
			return err
		}
		state.apply(&row)
		if known {
			continue
		}
		v.result.Rows++
		if err := v.checkRow(ctx, &row); err != nil {
			if ends(ctx, err) {
				return err
			}
			v.problem(repository.SegmentKey(segment.SHA256), err)
		}
	}
	return nil
}

// checkRow holds a row's chunks against what the packs were found to hold. A pack
// that is damaged has been told of, and is not told of again for each row.
func (v *verifier) checkRow(ctx context.Context, row *manifest.Row) error {
	whole := true
	for i := range row.Chunks {
		c := &row.Chunks[i]
		p := v.packs[c.Pack]
		if p == nil || p.absent {
			return fmt.Errorf("item %s: %s is missing", row.ID, repository.PackKey(c.Pack))
		}
		p.used = true
		whole = whole && p.whole
		if p.whole && !p.holds(c) {
			return fmt.Errorf("item %s: %s has no chunk %s of %d bytes at %d", row.ID, repository.PackKey(c.Pack), c.SHA256, c.Length, c.Offset)
		}
	}
	if v.opts.SkipData || !whole || len(row.Chunks) < 2 {
		return nil
	}
	return v.items.check(ctx, row)
}

func (p *packState) holds(c *manifest.Chunk) bool {
	i := sort.Search(len(p.chunks), func(i int) bool { return p.chunks[i].Offset >= c.Offset })
	return i < len(p.chunks) && p.chunks[i] == compress.Chunk{SHA256: c.SHA256, Offset: c.Offset, Length: c.Length}
}

// readUnreferenced checks what no snapshot led to: whole objects of runs that
// were killed do no harm, nor do such that are no more there, but damaged ones tell of a
// store that is not to be trusted.
func (v *verifier) readUnreferenced(ctx context.Context) error {
	for _, p := range v.packs {
		if !p.used && !p.absent {
			v.result.Unreferenced++
		}
	}
	for digest, m := range v.meta {
		if m.used {
			continue
		}
		key, read := repository.ManifestKey(digest), func() error { _, err := v.repo.ReadManifest(ctx, digest); return err }
		if m.segment {
			key, read = repository.SegmentKey(digest), func() error { _, err := v.repo.ReadSegment(ctx, digest, m.size); return err }
		}
		err := read()
		switch {
		case ctx.Err() == nil && repository.IsNotFound(err):
			continue // a write that was listed on its way, and was not completed
		case err != nil && !isDamage(ctx, err):
			return err
		case err != nil:
			v.problem(key, err)
		}
		v.result.Unreferenced++
	}
	return nil
}
