package pipeline

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
)

// resume continues the listing of a whole folder that an earlier run began. Where its keys cannot
// be read, the listing begins again.
func (l *lister) resume(ctx context.Context, from *manifest.Listing) error {
	if from.Pass == "" {
		return l.listWhole(ctx, manifest.Listing{})
	}
	keys, err := l.run.readKeys(ctx, from)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		l.note("the folder's listing could not be continued: it begins again", err)
		return l.listWhole(ctx, manifest.Listing{})
	}
	if err := l.run.loadIndex(ctx); err != nil {
		return err
	}
	l.folder.restore(from, keys)
	l.listedThrough = from.ListedThrough
	held := l.run.index.resume(l.folder.ID, keys, l.run.hasFailed)
	p, leftOut := l.run.opts.Progress, from.ItemsLeftOut-from.LeftOutHeld // what is held counts as held
	p.Listed.Add(held + leftOut)
	p.Skipped.Add(held)
	p.LeftOut.Add(leftOut)
	l.run.index.leave(l.folder.ID, from.ItemsLeftOut, from.LeftOutHeld)
	if err := l.offerFailed(ctx, keys); err != nil {
		return err
	}
	if err := l.listWhole(ctx, *from); err != nil || l.link == "" {
		return err
	}
	return l.catchUp(ctx)
}

// catchUp lists what changed in the folder since the listing began, which may be runs ago. Where
// that fails, the next run does it.
func (l *lister) catchUp(ctx context.Context) error {
	l.pass = ""
	err := l.walkDelta(ctx, l.link)
	if err != nil && l.avoidable(ctx, err) {
		return nil
	}
	return err
}

// readKeys returns the keys of the items that a listing covers.
func (r *run) readKeys(ctx context.Context, l *manifest.Listing) ([]manifest.RowKey, error) {
	var keys []manifest.RowKey
	for _, object := range l.Keys {
		data, err := r.job.Repository.ReadSegment(ctx, object.SHA256, object.Size)
		if err != nil {
			return nil, err
		}
		more, err := object.ReadKeys(data)
		if err != nil {
			return nil, err
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// hasFailed reports whether the item failed in the run before.
func (r *run) hasFailed(key manifest.RowKey) bool {
	_, failed := r.failed[key]
	return failed
}

// offerFailed requests the items again that an earlier run listed and could not export.
func (l *lister) offerFailed(ctx context.Context, keys []manifest.RowKey) error {
	for _, key := range keys {
		if failed, ok := l.run.failed[key]; ok {
			if _, err := l.offer(ctx, itemOf(&failed.Item)); err != nil {
				return err
			}
		}
	}
	return nil
}
