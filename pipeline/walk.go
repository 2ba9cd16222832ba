package pipeline

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// walkItems goes through a listing of the folder and passes on what is not held.
func (l *lister) walkItems(ctx context.Context, items iter.Seq2[graph.Item, error]) error {
	l.run.index.startPass(l.folder.ID)
	for it, err := range items {
		if err == nil && it.ID == "" {
			err = fmt.Errorf("Graph listed an item without an id")
		}
		if err != nil {
			return err
		}
		if err := l.offer(ctx, it); err != nil {
			return err
		}
	}
	l.passes++
	return nil
}

// describeAtOnce is how many changed items wait for their properties together.
const describeAtOnce = 500

// walkDelta goes through a delta query from a link, or from the start if it is
// empty, and passes on what changed.
func (l *lister) walkDelta(ctx context.Context, link string) error {
	changes := l.run.job.Source.ItemChanges(ctx, l.folder.ID, link)
	describe := link != "" && !l.run.opts.NoProperties
	var news []item
	flush := func() error {
		if describe {
			l.describe(ctx, news)
		}
		for _, it := range news {
			if err := l.pass(ctx, it); err != nil {
				return err
			}
		}
		news = news[:0]
		return nil
	}
	for c, err := range changes.All() {
		if err != nil {
			// The index has noted what waits here: another listing will not pass it on.
			return errors.Join(err, flush())
		}
		it, isNew, err := l.change(ctx, c)
		if err != nil {
			return err
		}
		if isNew {
			news = append(news, it)
		}
		if len(news) == describeAtOnce || len(news) > 0 && !describe {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	l.link = changes.Link()
	return flush()
}

// change takes note of an entry of a delta query, and returns the item that has
// to be got because of it, if there is one.
func (l *lister) change(ctx context.Context, c graph.Change) (it item, isNew bool, err error) {
	if c.ID == "" {
		return item{}, false, fmt.Errorf("Graph told of a change to an item without an id")
	}
	if c.Removed == "" {
		return l.see(ctx, c.Item)
	}
	if err := l.run.loadIndex(ctx); err != nil {
		return item{}, false, err
	}
	gone := item{Item: graph.Item{ID: c.ID}, folder: l.folder, key: manifest.KeyOf(l.folder.ID, c.ID)}
	switch l.run.index.remove(gone.key, l.folder.ID) {
	case absentHeld:
		l.folder.opened()
		return item{}, false, send(ctx, l.worker, l.run.verdicts, verdict{item: gone, end: endRemoved, reason: c.Removed})
	case absentSeen:
		// Entries may come in any order: whether it is there shows when it is exported.
		gone.check = true
		return gone, l.again(&gone), nil
	}
	return item{}, false, nil
}

// offer takes note of a listed item, and passes it on if it is not held.
func (l *lister) offer(ctx context.Context, listed graph.Item) error {
	it, isNew, err := l.see(ctx, listed)
	if err != nil || !isNew {
		return err
	}
	return l.pass(ctx, it)
}

// see takes note of a listed item, counts it, and tells whether it has to be got.
func (l *lister) see(ctx context.Context, listed graph.Item) (it item, isNew bool, err error) {
	if err := l.run.loadIndex(ctx); err != nil {
		return item{}, false, err
	}
	if t := listed.LastModifiedDateTime; t.After(l.listedThrough) {
		l.listedThrough = t
	}
	it = item{Item: listed, folder: l.folder, key: manifest.KeyOf(l.folder.ID, listed.ID)}
	p := l.run.opts.Progress
	switch sight := l.run.index.see(it.key, l.folder.ID, listed.ChangeKey); {
	case sight == sightDuplicate:
		return it, false, nil
	case sight == sightHeld:
		p.Listed.Add(1)
		p.Skipped.Add(1)
		return it, false, nil
	case sight == sightAgain:
		return it, l.run.opts.Selection.takes(&listed) && l.again(&it), nil
	}
	p.Listed.Add(1)
	if !l.run.opts.Selection.takes(&listed) {
		p.LeftOut.Add(1)
		l.run.index.leave(l.folder.ID)
		return it, false, nil
	}
	l.folder.opened()
	if l.run.givenUp(&it) {
		return it, false, send(ctx, l.worker, l.run.verdicts, verdict{item: it, end: endGivenUp})
	}
	return it, true, nil
}

// again gives an item a turn after those that it had in this run, and reports
// whether that is within bounds.
func (l *lister) again(it *item) bool {
	if l.repeats == maxRepeats {
		l.overflow = true
		return false
	}
	l.repeats++
	it.turn = l.run.turns.Add(1)
	l.folder.opened()
	return true
}

// pass hands on an item that the folder counts as open.
func (l *lister) pass(ctx context.Context, it item) error {
	return send(ctx, l.worker, l.run.items, it)
}

// describe completes items of a delta query, which tells no properties, from a
// listing of what was modified since the earliest of them. What that would have to
// go far for, such as an old item that was moved here, stays as it is; so do all where
// the listing fails: their streams hold the properties too.
func (l *lister) describe(ctx context.Context, items []item) {
	byID := map[string]*item{}
	var since time.Time
	for i := range items {
		it := &items[i]
		if t := it.LastModifiedDateTime; !it.check && !t.IsZero() {
			byID[it.ID] = it
			if since.IsZero() || t.Before(since) {
				since = t
			}
		}
	}
	if len(byID) == 0 {
		return
	}
	left := 4*len(byID) + describeAtOnce
	for listed, err := range l.run.job.Source.ItemsSince(ctx, l.folder.ID, since.Add(-time.Second)) {
		if left--; err != nil || left < 0 || len(byID) == 0 {
			return
		}
		if it := byID[listed.ID]; it != nil {
			it.Properties = listed.Properties
			delete(byID, listed.ID)
		}
	}
}
