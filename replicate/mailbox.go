package replicate

import (
	"context"
	"errors"
	"fmt"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

var (
	errDiverged = errors.New("another snapshot of this number is there: the mailbox went its own way, and nothing is copied of it")
	errChanging = errors.New("refs appeared while they were listed")
)

// A mailbox is one whose snapshots are copied.
type mailbox struct {
	*copier
	id     string
	last   uint64          // run of the source
	parent manifest.Digest // of the next snapshot
	broken bool            // a snapshot is not copied: those after it cannot be
	lists  map[manifest.Digest]manifest.Segment
}

// open finds out how many runs of a mailbox the source has. After one that is missing
// there are none.
func (c *copier) open(ctx context.Context, id string) (*mailbox, error) {
	m := &mailbox{copier: c, id: id, lists: map[manifest.Digest]manifest.Segment{}}
	if r := of(c.source, id); r.count > 0 && r.whole() {
		m.last = r.last
		return m, nil
	}
	refs, err := c.from.Refs(ctx, id)
	if err != nil {
		if err := c.found(ctx, repository.RefKey(id, 1), err); !errors.Is(err, errDamaged) {
			return nil, err
		}
		return m, m.probe(ctx)
	}
	if m.last = uint64(len(refs)); m.last == 0 {
		return nil, fmt.Errorf("mailbox %s: %w", id, snapshots.ErrNone)
	}
	return m, nil
}

// probe finds the last run before one that is missing. The listing has the last of all.
func (m *mailbox) probe(ctx context.Context) error {
	for m.last < of(m.source, m.id).last {
		_, err := snapshots.LoadRef(ctx, m.from, m.id, m.last+1)
		if errors.Is(err, snapshots.ErrNone) {
			return nil
		}
		if ctx.Err() != nil || repository.IsTransient(err) {
			return fmt.Errorf("source: %w", err)
		}
		m.last++
	}
	return nil
}

// copy copies the snapshots and acknowledgements that the target does not hold.
func (m *mailbox) copy(ctx context.Context) error {
	held, err := m.common(ctx)
	if errors.Is(err, errDamaged) {
		m.gaveUp(m.last)
		return nil
	}
	if err != nil {
		return err
	}
	m.progress.Done.Add(int64(held))
	for sequence := held + 1; sequence <= m.last; sequence++ {
		err := m.snapshot(ctx, sequence)
		switch {
		case err == nil:
			m.progress.Done.Add(1)
		case errors.Is(err, errDamaged):
			m.broken = true
			m.gaveUp(1)
		default:
			return err
		}
	}
	return m.copyAcks(ctx)
}

func (m *mailbox) gaveUp(snapshots uint64) {
	m.progress.Done.Add(int64(snapshots))
	m.tally.add(func(r *Report) { r.NotCopied += int64(snapshots) })
}

// common returns how many snapshots the target holds. They are the source's if the last of
// them is: each one's manifest names the one before.
func (m *mailbox) common(ctx context.Context) (uint64, error) {
	all := of(m.target, m.id)
	if !all.whole() {
		_, err := m.to.Refs(ctx, m.id)
		if err == nil {
			err = errChanging
		}
		return 0, m.refused(ctx, repository.RefKey(m.id, all.last), err)
	}
	held := min(all.last, m.last)
	if held == 0 {
		return 0, nil
	}
	key := repository.RefKey(m.id, held)
	theirs, err := snapshots.LoadRef(ctx, m.to, m.id, held)
	if err != nil {
		return 0, m.refused(ctx, key, err)
	}
	ours, err := snapshots.LoadRef(ctx, m.from, m.id, held)
	if err != nil {
		return 0, m.found(ctx, key, err)
	}
	if ours != theirs {
		return 0, m.refused(ctx, key, errDiverged)
	}
	m.parent = ours.Manifest
	m.tally.add(func(r *Report) {
		r.Skipped.Refs.Objects += int64(held)
		r.Skipped.Refs.Bytes += int64(float64(all.bytes) * float64(held) / float64(all.last)) // about, if the target is ahead
	})
	return held, nil
}

// refused is found for what is wrong with the target.
func (m *mailbox) refused(ctx context.Context, key string, err error) error {
	if ctx.Err() != nil || repository.IsTransient(err) {
		return fmt.Errorf("target: %w", err)
	}
	m.tally.problem(key, fmt.Errorf("in the target: %w", err))
	return errDamaged
}

// snapshot copies one snapshot: its segments with their packs, then its manifest, then
// its ref.
func (m *mailbox) snapshot(ctx context.Context, sequence uint64) error {
	key := repository.RefKey(m.id, sequence)
	s, stored, err := snapshots.LoadStored(ctx, m.from, m.id, sequence)
	if err != nil {
		return m.found(ctx, key, err)
	}
	if err := m.segments(ctx, s); err != nil {
		return err
	}
	if m.broken {
		return errDamaged
	}
	if s.Parent != m.parent {
		return m.found(ctx, key, fmt.Errorf("its manifest's parent is %s, and the manifest before is %s", s.Parent, m.parent))
	}
	if err := m.manifest(ctx, s.Digest, stored); err != nil {
		return err
	}
	m.parent = s.Digest
	return m.commit(ctx, sequence, s.Ref(s.Digest))
}

// commit creates a ref.
func (m *mailbox) commit(ctx context.Context, sequence uint64, ref manifest.Ref) error {
	data, err := ref.Encode()
	if err != nil {
		return err
	}
	err = m.to.CreateRef(ctx, m.id, sequence, data)
	if errors.Is(err, repository.ErrRefExists) {
		return m.refused(ctx, repository.RefKey(m.id, sequence), errDiverged)
	}
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	m.tally.add(func(r *Report) {
		r.Snapshots++
		r.Copied.Refs.add(int64(len(data)))
	})
	m.copied(int64(len(data)))
	return nil
}
