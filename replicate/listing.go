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

// runs are the refs of a mailbox that a listing showed.
type runs struct {
	last  uint64
	count uint64
	bytes int64
}

// isComplete reports whether no ref is missing.
func (r runs) isComplete() bool { return r.count == r.last }

// addRef adds a ref, whose key the listing has parsed.
func addRef(all map[string]runs, o repository.Object) {
	dir, name := path.Split(o.Key)
	number, err := strconv.ParseUint(strings.TrimSuffix(name, path.Ext(name)), 10, 64)
	if err != nil {
		return
	}
	r := all[dir]
	all[dir] = runs{last: max(r.last, number), count: r.count + 1, bytes: r.bytes + o.Size}
}

// runsOf returns the runs of a mailbox.
func runsOf(all map[string]runs, mailbox string) runs {
	dir, _ := path.Split(repository.RefKey(mailbox, 1))
	return all[dir]
}

// listTarget lists the objects of the target. Each pack, segment and manifest takes about 60 bytes
// of memory.
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

// listSource lists the objects of the source, and compares the sizes of those that both
// repositories hold. It returns all mailboxes with a snapshot. everything is set if all of them are
// to be copied.
func (c *copier) listSource(ctx context.Context, everything bool) (mailboxes []string, err error) {
	c.source, c.acks = map[string]runs{}, map[string][]repository.Object{}
	for o, err := range c.from.Objects(ctx) {
		if err != nil {
			return nil, fmt.Errorf("source: %w", err)
		}
		switch o.Kind {
		case repository.KindPack, repository.KindSegment, repository.KindManifest:
			c.compareSizes(o, everything)
		case repository.KindAck:
			c.acks[o.Mailbox] = append(c.acks[o.Mailbox], o)
		case repository.KindRef:
			addRef(c.source, o)
		case repository.KindIrregular:
			if everything {
				c.tally.problem(o.Key, o.Err)
			}
		}
	}
	mailboxes, err = c.from.Mailboxes(ctx)
	if err != nil {
		return nil, fmt.Errorf("source: %w", err)
	}
	return slices.DeleteFunc(mailboxes, func(id string) bool { return runsOf(c.source, id).count == 0 }), nil
}

// compareSizes compares an object of the source with the target. An object with another size in the
// target is not copied, nor is any object that depends on it.
func (c *copier) compareSizes(o repository.Object, everything bool) {
	key := object{o.Kind, o.Digest}
	size, ok := c.held[key]
	switch {
	case !ok && everything:
		c.progress.Expected.Add(o.Size)
	case ok && size != o.Size:
		delete(c.held, key)
		c.copies[key] = sync.OnceValue(func() error {
			c.tally.problem(o.Key, errSizes(o.Size, size))
			return errDamaged
		})
		if everything {
			_ = c.copies[key]() // reports the problem even if no snapshot needs the object
		}
	}
}

func errSizes(source, target int64) error {
	return fmt.Errorf("it has %d bytes in the source and %d in the target", source, target)
}
