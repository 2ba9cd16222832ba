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

// How many mailboxes and packs are copied at a time. A pack takes at most 64 MiB of memory, and
// usually 32; a mailbox's segment and manifest take a few megabytes.
const (
	mailboxWorkers = 4
	packWorkers    = 3
)

// Options limit a copy. The zero value copies everything.
type Options struct {
	// Mailboxes limits the copy to the snapshots of these mailboxes.
	Mailboxes []string

	// Progress, if set, counts while the copy runs.
	Progress *Progress
}

// Copy copies the snapshots that the target does not hold, in order, each with the packs and
// segments that it needs, and then the acknowledgements of each mailbox. A copy that was
// interrupted continues when it is repeated.
//
// An object that is damaged in the source, or differs in the target, is a problem in the report. So
// is a mailbox that has other snapshots in the target. Everything that does not depend on a problem
// is copied. An error means that the copy could not be completed; the report has what was done.
//
// If the source does not hold a mailbox of opts, the error is snapshots.ErrNone.
func Copy(ctx context.Context, from, to *repository.Repository, opts Options) (*Report, error) {
	if opts.Progress == nil {
		opts.Progress = &Progress{}
	}
	c := &copier{
		from: from, to: to, progress: opts.Progress, tally: newTally(),
		copies: map[object]func() error{}, packSlots: make(chan struct{}, packWorkers),
	}
	err := c.copy(ctx, opts.Mailboxes)
	return &c.tally.report, err
}

// A copier copies from one repository to another.
type copier struct {
	from, to  *repository.Repository
	progress  *Progress
	tally     *tally
	source    map[string]runs
	target    map[string]runs
	acks      map[string][]repository.Object // of the source, by mailbox
	heldAcks  map[string]int64               // sizes in the target, by key
	packSlots chan struct{}                  // one element for each pack in memory

	mu     sync.Mutex       // of the fields below
	held   map[object]int64 // sizes of objects in the target that no snapshot needed so far
	copies map[object]func() error
}

// An object is named by its digest.
type object struct {
	kind   repository.Kind
	digest manifest.Digest
}

// errDamaged is the error of an object that is not copied because of a reported problem.
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
	var opened []*mailbox
	for _, id := range mailboxes {
		m, err := c.open(ctx, id)
		if err != nil {
			return err
		}
		opened = append(opened, m)
		c.progress.Snapshots.Add(int64(m.last))
	}
	c.tally.report.Mailboxes = int64(len(opened))
	g, mailboxCtx := errgroup.WithContext(ctx)
	g.SetLimit(mailboxWorkers)
	for _, m := range opened {
		if mailboxCtx.Err() != nil {
			break
		}
		g.Go(func() error { return m.copy(mailboxCtx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return ctx.Err() // the loop skips mailboxes once the caller has cancelled
}

// isDamage reports whether an error is about what is stored. Any other error is the store's or the
// caller's, and ends the copy.
func isDamage(ctx context.Context, err error) bool {
	return ctx.Err() == nil && !repository.IsTransient(err)
}

// sourceError reports damage of the object that the error names, or of key, and returns errDamaged.
// It returns every other error of the source.
func (c *copier) sourceError(ctx context.Context, key string, err error) error {
	if !isDamage(ctx, err) {
		return fmt.Errorf("source: %w", err)
	}
	if corrupt, ok := errors.AsType[*repository.CorruptError](err); ok {
		key = corrupt.Key
	}
	c.tally.problem(key, err)
	return errDamaged
}

// targetError reports damage of key in the target, and returns errDamaged. It returns every other
// error of the target.
func (c *copier) targetError(ctx context.Context, key string, err error) error {
	if !isDamage(ctx, err) {
		return fmt.Errorf("target: %w", err)
	}
	c.tally.problem(key, fmt.Errorf("in the target: %w", err))
	return errDamaged
}
