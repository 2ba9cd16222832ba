package replicate

import (
	"context"
	"errors"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// copyAcks copies the acknowledgements that the target does not hold, and then the revocations.
func (m *mailbox) copyAcks(ctx context.Context) error {
	var revocations []func() error
	for _, o := range m.acks[m.id] {
		if m.holdsAck(o) {
			continue
		}
		ack, data, err := snapshots.LoadAck(ctx, m.from, o)
		if err != nil {
			if err := m.sourceError(ctx, o.Key, err); !errors.Is(err, errDamaged) {
				return err
			}
			continue
		}
		put := func() error {
			isNew, err := m.to.PutAck(ctx, m.id, o.Digest, data)
			return m.written(repository.KindAck, int64(len(data)), isNew, err)
		}
		if !ack.Revokes.IsZero() {
			revocations = append(revocations, put)
		} else if err := put(); err != nil {
			return err
		}
	}
	for _, put := range revocations {
		if err := put(); err != nil {
			return err
		}
	}
	return nil
}

// holdsAck reports whether the target holds an acknowledgement. One of another size is a problem.
func (m *mailbox) holdsAck(o repository.Object) bool {
	size, held := m.heldAcks[o.Key]
	switch {
	case held && size == o.Size:
		m.tally.add(func(r *Report) { r.Skipped.Acks.add(size) })
	case held:
		m.tally.problem(o.Key, errSizes(o.Size, size))
	}
	return held
}
