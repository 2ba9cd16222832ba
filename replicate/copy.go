package replicate

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// What is under way at once. A pack takes at most 64 MiB of memory, and mostly some 32;
// a mailbox's segment and manifest take some megabytes.
const (
	mailboxesAtOnce = 4
	packsAtOnce     = 3
)

// Options limit a copy. The zero value copies everything.
type Options struct {
	// Mailboxes limits it to these mailboxes' snapshots.
	Mailboxes []string

	// Progress, if set, counts while the copy goes on.
	Progress *Progress
}

// Copy copies the snapshots that the target does not hold, each with the packs and
// segments that it needs, and the snapshots of a mailbox in their order; and the
// acknowledgements about a mailbox. What is
// damaged in the source, or has another content in the target, is in the report, and
// so is a mailbox whose snapshots went another way in the target: what does not depend
// on it is copied all the same. An error means that the copy could not be carried through; the
// report tells what was done by then. A copy that was cut off goes on when it is repeated.
//
// A mailbox of opts that the source does not hold is snapshots.ErrNone.
func Copy(ctx context.Context, from, to *repository.Repository, opts Options) (*Report, error) {
	if opts.Progress == nil {
		opts.Progress = &Progress{}
	}
	c := &copier{
		from: from, to: to, progress: opts.Progress, tally: newTally(),
		tried: map[object]func() error{}, room: make(chan struct{}, packsAtOnce),
	}
	err := c.copy(ctx, opts.Mailboxes)
	return &c.tally.report, err
}

// A copier copies from one repository to another.
type copier struct {
	from, to *repository.Repository
	progress *Progress
	tally    *tally
	source   map[string]runs
	target   map[string]runs
	acks     map[string][]repository.Object // of the source, by mailbox
	heldAcks map[string]int64               // by the target: their sizes, by key
	room     chan struct{}                  // for packs

	mu    sync.Mutex       // of what follows
	held  map[object]int64 // by the target, and not tried yet
	tried map[object]func() error
}

// An object is one that its digest names.
type object struct {
	kind   repository.Kind
	digest manifest.Digest
}

// errDamaged is the error of an object that is not copied, for a reason that was told.
var errDamaged = errors.New("it cannot be copied")

func (c *copier) copy(ctx context.Context, mailboxes []string) error {
	if err := c.listTarget(ctx); err != nil {
		return err
	}
	all, err := c.listSource(ctx, len(mailboxes) == 0)
	if err != nil {
		return err
	}
	if len(mailboxes) == 0 {
		mailboxes = all
	}
	var boxes []*mailbox
	for _, id := range mailboxes {
		m, err := c.open(ctx, id)
		if err != nil {
			return err
		}
		boxes = append(boxes, m)
		c.progress.Snapshots.Add(int64(m.last))
	}
	c.tally.report.Mailboxes = int64(len(boxes))
	g, boxCtx := errgroup.WithContext(ctx)
	g.SetLimit(mailboxesAtOnce)
	for _, m := range boxes {
		if boxCtx.Err() != nil {
			break
		}
		g.Go(func() error { return m.copy(boxCtx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err() // perhaps not all had their turn
}

// found tells what is wrong with an object of the source from what is wrong with the store
// or the caller: the former is noted, the latter ends the copy.
func (c *copier) found(ctx context.Context, key string, err error) error {
	if ctx.Err() != nil || repository.IsTransient(err) {
		return fmt.Errorf("source: %w", err)
	}
	var corrupt *repository.CorruptError
	if errors.As(err, &corrupt) {
		key = corrupt.Key
	}
	c.tally.problem(key, err)
	return errDamaged
}
