package restore

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// listMailboxes finds the snapshots to verify. It runs before the objects are listed, so that the
// list has all that these snapshots need. Later snapshots are ignored.
func (v *verifier) listMailboxes(ctx context.Context) error {
	ids, chosen := v.opts.Mailboxes, len(v.opts.Mailboxes) > 0
	if !chosen {
		var err error
		ids, err = v.repo.Mailboxes(ctx)
		if irregular, ok := errors.AsType[*repository.CorruptError](err); ok {
			v.irregularObject(irregular.Key, irregular)
		} else if err != nil {
			return err
		}
	}
	for _, id := range ids {
		refs, err := v.repo.Refs(ctx, id)
		m := mailboxRuns{id: id, last: uint64(len(refs))}
		switch {
		case errors.As(err, &m.missing):
		case err != nil:
			return err
		case m.last == 0 && chosen:
			return fmt.Errorf("mailbox %s: %w", id, snapshots.ErrNone)
		}
		v.mailboxes = append(v.mailboxes, m)
	}
	return nil
}

// listObjects lists every object of the repository.
func (v *verifier) listObjects(ctx context.Context) error {
	for o, err := range v.repo.Objects(ctx) {
		if err != nil {
			return err
		}
		switch o.Kind {
		case repository.KindPack:
			v.packs[o.Digest] = &packState{wanted: len(v.opts.Mailboxes) == 0}
		case repository.KindSegment, repository.KindManifest:
			v.meta[o.Digest] = &metaState{segment: o.Kind == repository.KindSegment, size: o.Size}
		case repository.KindAck:
			if len(v.opts.Mailboxes) == 0 || slices.Contains(v.opts.Mailboxes, o.Mailbox) {
				v.acks = append(v.acks, o)
			}
		case repository.KindForeign:
			v.result.Foreign++
		case repository.KindIrregular:
			v.irregularObject(o.Key, o.Err)
		}
	}
	return nil
}

// checkAcks checks the acknowledgements. Nothing refers to them.
func (v *verifier) checkAcks(ctx context.Context) error {
	for _, o := range v.acks {
		_, _, err := snapshots.LoadAck(ctx, v.repo, o)
		switch {
		case err == nil:
			v.result.Acks++
		case isUnfinished(ctx, err):
		default:
			if err := v.record(ctx, o.Key, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// isUnfinished reports whether an object was listed and does not exist: a listing may show a write
// that was then not completed.
func isUnfinished(ctx context.Context, err error) bool {
	return ctx.Err() == nil && repository.IsNotFound(err)
}

// checkUnreferenced checks the objects that no snapshot needs. Killed runs leave intact ones, which
// are harmless; damaged ones show that the store cannot be trusted.
func (v *verifier) checkUnreferenced(ctx context.Context) error {
	if len(v.opts.Mailboxes) > 0 {
		return nil
	}
	for _, p := range v.packs {
		if !p.used && !p.missing {
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
		if isUnfinished(ctx, err) {
			continue
		}
		if err := v.record(ctx, key, err); err != nil {
			return err
		}
		v.result.Unreferenced++
	}
	return nil
}
