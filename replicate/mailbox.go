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
	errDiverged = errors.New("another snapshot has this number: the mailbox has diverged, and is not copied")
	errChanging = errors.New("refs appeared while they were listed")
)

// A mailbox is a mailbox whose snapshots are copied.
type mailbox struct {
	*copier
	id     string
	last   uint64          // run of the source
	parent manifest.Digest // of the next snapshot
	broken bool            // a snapshot is not copied, so later ones cannot be
	seen   map[manifest.Digest]manifest.Segment
}

// open finds the last run of a mailbox in the source. Runs after a missing one do not count.
func (c *copier) open(ctx context.Context, id string) (*mailbox, error) {
	m := &mailbox{copier: c, id: id, seen: map[manifest.Digest]manifest.Segment{}}
	if r := runsOf(c.source, id); r.count > 0 && r.isComplete() {
		m.last = r.last
		return m, nil
	}
	refs, err := c.from.Refs(ctx, id)
	if err != nil {
		if err := c.sourceError(ctx, repository.RefKey(id, 1), err); !errors.Is(err, errDamaged) {
			return nil, err
		}
		return m, m.countRefs(ctx)
	}
	if m.last = uint64(len(refs)); m.last == 0 {
		return nil, fmt.Errorf("mailbox %s: %w", id, snapshots.ErrNone)
	}
	return m, nil
}

// countRefs finds the last run before a missing one by reading refs.
func (m *mailbox) countRefs(ctx context.Context) error {
	for m.last < runsOf(m.source, m.id).last {
		_, err := snapshots.LoadRef(ctx, m.from, m.id, m.last+1)
		if errors.Is(err, snapshots.ErrNone) {
			return nil
		}
		if !isDamage(ctx, err) {
			return fmt.Errorf("source: %w", err)
		}
		m.last++
	}
	return nil
}

// copy copies the snapshots and acknowledgements that the target does not hold.
func (m *mailbox) copy(ctx context.Context) error {
	held, err := m.heldSnapshots(ctx)
	if errors.Is(err, errDamaged) {
		m.notCopied(m.last)
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
			m.notCopied(1)
		default:
			return err
		}
	}
	return m.copyAcks(ctx)
}

// notCopied counts snapshots that are not copied.
func (m *mailbox) notCopied(snapshots uint64) {
	m.progress.Done.Add(int64(snapshots))
	m.tally.add(func(r *Report) { r.NotCopied += int64(snapshots) })
}

// heldSnapshots returns the number of snapshots that the target holds. If the last of them is the
// same as in the source, all are: each manifest names its parent.
func (m *mailbox) heldSnapshots(ctx context.Context) (uint64, error) {
	all := runsOf(m.target, m.id)
	if !all.isComplete() {
		_, err := m.to.Refs(ctx, m.id)
		if err == nil {
			err = errChanging
		}
		return 0, m.targetError(ctx, repository.RefKey(m.id, all.last), err)
	}
	held := min(all.last, m.last)
	if held == 0 {
		return 0, nil
	}
	key := repository.RefKey(m.id, held)
	target, err := snapshots.LoadRef(ctx, m.to, m.id, held)
	if err != nil {
		return 0, m.targetError(ctx, key, err)
	}
	source, err := snapshots.LoadRef(ctx, m.from, m.id, held)
	if err != nil {
		return 0, m.sourceError(ctx, key, err)
	}
	if source != target {
		return 0, m.targetError(ctx, key, errDiverged)
	}
	m.parent = source.Manifest
	m.tally.add(func(r *Report) {
		r.Skipped.Refs.Objects += int64(held)
		r.Skipped.Refs.Bytes += int64(float64(all.bytes) * float64(held) / float64(all.last)) // an estimate if the target has more
	})
	return held, nil
}

// snapshot copies one snapshot: its segments with their packs, then its manifest, then its ref.
func (m *mailbox) snapshot(ctx context.Context, sequence uint64) error {
	key := repository.RefKey(m.id, sequence)
	s, stored, err := snapshots.LoadStored(ctx, m.from, m.id, sequence)
	if err != nil {
		return m.sourceError(ctx, key, err)
	}
	if err := m.segments(ctx, s); err != nil {
		return err
	}
	if m.broken {
		return errDamaged
	}
	if s.Parent != m.parent {
		return m.sourceError(ctx, key, fmt.Errorf("its manifest's parent is %s, but the previous manifest is %s", s.Parent, m.parent))
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
		return m.targetError(ctx, repository.RefKey(m.id, sequence), errDiverged)
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
