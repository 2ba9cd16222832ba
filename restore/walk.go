package restore

import (
	"context"
	"fmt"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// eachSnapshot calls visit with every snapshot of the chosen mailboxes that can be read, in order,
// and damaged with the key and the error of every other.
func (v *verifier) eachSnapshot(ctx context.Context, visit func(*snapshots.Snapshot) error, damaged func(key string, err error)) error {
	for _, m := range v.mailboxes {
		if m.missing != nil {
			damaged(m.missing.Key, m.missing)
			continue
		}
		for sequence := uint64(1); sequence <= m.last; sequence++ {
			s, err := snapshots.Load(ctx, v.repo, m.id, sequence)
			switch {
			case err == nil:
				if err := visit(s); err != nil {
					return err
				}
			case isDamage(ctx, err):
				damaged(damagedKey(err, repository.RefKey(m.id, sequence)), err)
			default:
				return err
			}
		}
	}
	return nil
}

// walk checks the snapshots of the chosen mailboxes, the oldest first.
func (v *verifier) walk(ctx context.Context) error {
	var state *mailboxState
	err := v.eachSnapshot(ctx, func(s *snapshots.Snapshot) error {
		v.result.Snapshots++
		if state == nil || state.mailbox != s.Mailbox.ID {
			v.result.Items += state.heldItems()
			state = newMailboxState(v.repo, s.Mailbox.ID)
			v.result.Mailboxes++
		}
		return v.checkSnapshot(ctx, s, state)
	}, v.problem)
	v.result.Items += state.heldItems()
	return err
}

// checkSnapshot checks one snapshot against its parent, its segments and, by their rows, the packs.
func (v *verifier) checkSnapshot(ctx context.Context, s *snapshots.Snapshot, state *mailboxState) error {
	key := repository.ManifestKey(s.Digest)
	v.markUsed(s.Digest)
	if want := state.last; s.Parent != want && s.Sequence != 1 {
		v.problem(key, fmt.Errorf("its parent is %s, but snapshot %d of the mailbox is %s", s.Parent, s.Sequence-1, want))
	}
	state.last = s.Digest
	for _, segment := range state.begin(s.Segments) {
		err := v.checkSegment(ctx, segment, state)
		if err == nil {
			continue
		}
		if err := v.record(ctx, repository.SegmentKey(segment.SHA256), err); err != nil {
			return err
		}
		state.broken = true
	}
	if err := state.check(s.Snapshot); err != nil {
		v.problem(key, err)
	}
	return v.checkKeys(ctx, s)
}

// checkKeys checks the keys of listings under way, unless an earlier snapshot led to them.
func (v *verifier) checkKeys(ctx context.Context, s *snapshots.Snapshot) error {
	for _, g := range s.KeySegments() {
		v.markUsed(g.SHA256)
		if v.segments[g.SHA256] {
			continue
		}
		v.segments[g.SHA256] = true
		v.result.Segments++
		data, err := v.repo.ReadSegment(ctx, g.SHA256, g.Size)
		if err == nil {
			_, err = g.ReadKeys(data)
		}
		if err := v.record(ctx, repository.SegmentKey(g.SHA256), err); err != nil {
			return err
		}
	}
	return nil
}

func (v *verifier) markUsed(digest manifest.Digest) {
	if m := v.meta[digest]; m != nil {
		m.used = true
	}
}

// checkSegment applies a segment's rows to the state, and checks their chunks unless an earlier
// snapshot led to them.
func (v *verifier) checkSegment(ctx context.Context, segment manifest.Segment, state *mailboxState) error {
	v.markUsed(segment.SHA256)
	data, err := state.cache.Read(ctx, segment)
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
			if !isDamage(ctx, err) {
				return err
			}
			v.problem(repository.SegmentKey(segment.SHA256), err)
		}
	}
	return nil
}

// checkRow checks a row's chunks against the chunks of the packs. A damaged pack is reported
// already, and not again for each row.
func (v *verifier) checkRow(ctx context.Context, row *manifest.Row) error {
	intact := true
	for i := range row.Chunks {
		c := &row.Chunks[i]
		p := v.packs[c.Pack]
		if p == nil || p.missing {
			return fmt.Errorf("item %s: %s is missing", row.ID, repository.PackKey(c.Pack))
		}
		p.used = true
		intact = intact && p.intact
		if p.intact && !p.holds(c) {
			return fmt.Errorf("item %s: %s has no chunk %s of %d bytes at %d", row.ID, repository.PackKey(c.Pack), c.SHA256, c.Length, c.Offset)
		}
	}
	if v.opts.SkipData || !intact || len(row.Chunks) < 2 {
		return nil
	}
	return v.items.check(ctx, row)
}
