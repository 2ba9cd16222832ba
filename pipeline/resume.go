package pipeline

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
)

// resume continues the listing of a whole folder that an earlier run began. If its keys cannot be
// read, the listing begins again.
func (l *lister) resume(ctx context.Context, from *manifest.Listing) error {
	if from.Pass == "" {
		return l.listWhole(ctx, manifest.Listing{})
	}
	keys, err := l.readKeys(ctx, from)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		l.logUnusual("the folder's listing could not be continued: it begins again", err)
		return l.listWhole(ctx, manifest.Listing{})
	}
	if err := l.parent.loadIndex(ctx); err != nil {
		return err
	}
	l.folder.position.Restore(from, keys)
	l.listedThrough = from.ListedThrough
	l.countResumed(from, keys)
	if err := l.offerFailed(ctx, keys); err != nil {
		return err
	}
	if err := l.listWhole(ctx, *from); err != nil || l.link == "" {
		return err
	}
	return l.catchUp(ctx)
}

// countResumed counts the items that the earlier run listed, without those that failed. An item
// that is held and left out counts as held.
func (l *lister) countResumed(from *manifest.Listing, keys []manifest.RowKey) {
	held := l.index.ResumePass(l.folder.ID, keys, l.parent.hasFailed)
	p, leftOut := l.opts.Progress, from.ItemsLeftOut-from.LeftOutHeld
	p.Listed.Add(held + leftOut)
	p.Skipped.Add(held)
	p.LeftOut.Add(leftOut)
	l.index.LeaveOut(l.folder.ID, from.ItemsLeftOut, from.LeftOutHeld)
}

// catchUp lists what changed in the folder since the listing began, which may be runs ago. If that
// fails, the next run does it.
func (l *lister) catchUp(ctx context.Context) error {
	l.pass = ""
	err := l.walkDelta(ctx, l.link)
	if err != nil && l.isAvoidable(ctx, err) {
		return nil
	}
	return err
}

// readKeys returns the keys of the items that a listing covers.
func (l *lister) readKeys(ctx context.Context, from *manifest.Listing) ([]manifest.RowKey, error) {
	var keys []manifest.RowKey
	for _, object := range from.Keys {
		data, err := l.job.Repository.ReadSegment(ctx, object.SHA256, object.Size)
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

// offerFailed requests the items again that an earlier run listed and could not export.
func (l *lister) offerFailed(ctx context.Context, keys []manifest.RowKey) error {
	for _, key := range keys {
		if failed := l.parent.failure(key); failed != nil {
			if _, err := l.offer(ctx, itemOf(&failed.Item)); err != nil {
				return err
			}
		}
	}
	return nil
}
