package replicate

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/mailhaul/mailhaul/repository"
)

// Runs are what a listing tells of a mailbox's refs. None is missing if there are as
// many as the last one's number.
type runs struct {
	last  uint64
	count uint64
	bytes int64
}

func (r runs) whole() bool { return r.count == r.last }

// addRef takes note of a ref. Its key has the form of one: the listing checked that.
func addRef(all map[string]runs, o repository.Object) {
	dir, name := path.Split(o.Key)
	number, err := strconv.ParseUint(strings.TrimSuffix(name, path.Ext(name)), 10, 64)
	if err != nil {
		return
	}
	r := all[dir]
	all[dir] = runs{last: max(r.last, number), count: r.count + 1, bytes: r.bytes + o.Size}
}

// of returns the runs of a mailbox.
func of(all map[string]runs, mailbox string) runs {
	dir, _ := path.Split(repository.RefKey(mailbox, 1))
	return all[dir]
}

// listTarget takes note of all that the target holds. For each pack, segment and
// manifest this takes some 60 bytes of memory.
func (c *copier) listTarget(ctx context.Context) error {
	c.held, c.target, c.heldAcks = map[object]int64{}, map[string]runs{}, map[string]int64{}
	for o, err := range c.to.Objects(ctx) {
		if err != nil {
			return fmt.Errorf("target: %w", err)
		}
		switch o.Kind {
		case repository.KindPack, repository.KindSegment, repository.KindManifest:
			c.held[object{o.Kind, o.Digest}] = o.Size
		case repository.KindAck:
			c.heldAcks[o.Key] = o.Size
		case repository.KindRef:
			addRef(c.target, o)
		case repository.KindIrregular:
			c.tally.problem(o.Key, fmt.Errorf("in the target: %w", o.Err))
		}
	}
	return nil
}

// listSource takes note of the runs of all mailboxes, which are returned, and holds the
// sizes of what both repositories have against each other; whole tells that all is to be copied.
func (c *copier) listSource(ctx context.Context, whole bool) (mailboxes []string, err error) {
	c.source, c.acks = map[string]runs{}, map[string][]repository.Object{}
	for o, err := range c.from.Objects(ctx) {
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		switch o.Kind {
		case repository.KindPack, repository.KindSegment, repository.KindManifest:
			c.expect(o, whole)
		case repository.KindAck:
			c.acks[o.Mailbox] = append(c.acks[o.Mailbox], o)
		case repository.KindRef:
			addRef(c.source, o)
		case repository.KindIrregular:
			if whole {
				c.tally.problem(o.Key, o.Err)
			}
		}
	}
	mailboxes, err = c.from.Mailboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return slices.DeleteFunc(mailboxes, func(id string) bool { return of(c.source, id).count == 0 }), nil
}

// expect takes note of an object of the source. What has another size in the target is not
// copied, nor is what depends on it.
func (c *copier) expect(o repository.Object, whole bool) {
	key := object{o.Kind, o.Digest}
	size, ok := c.held[key]
	switch {
	case !ok && whole:
		c.progress.Expected.Add(o.Size)
	case ok && size != o.Size:
		delete(c.held, key)
		c.tried[key] = sync.OnceValue(func() error {
			c.tally.problem(o.Key, fmt.Errorf("it has %d bytes in the source and %d in the target", o.Size, size))
			return errDamaged
		})
		if whole {
			_ = c.tried[key]() // it is told of, needed or not
		}
	}
}
