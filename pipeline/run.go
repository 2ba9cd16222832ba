package pipeline

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A run is one mailbox on its way. Channels are written by the stage named
// first and closed by it.
type run struct {
	job     Job
	opts    Options
	started time.Time

	parent       *snapshots.Snapshot // that the run started from; nil: it is the first
	failed       map[manifest.RowKey]manifest.Failure
	failedBefore map[string]int64 // by folder
	last         *manifest.Snapshot
	lastDigest   manifest.Digest

	loading sync.Mutex
	loaded  bool // the parent's rows are in the index
	index   *index
	known   *chunkSet

	folders      []*folder // the tree, as it was when the run began
	folderDelta  bool      // a delta query lists all folders
	mu           sync.Mutex
	tree         map[string]bool // the ids of the folders that are there
	deltaRefused atomic.Int32    // folders in a row that have no delta
	turns        atomic.Uint32   // items that were requested again
	pages        atomic.Int64    // of listings of whole folders, without the first of each pass
	covered      atomic.Int64    // pages that are covered

	items    chan item    // enumerate → batch
	batches  chan []item  // batch → export
	frames   chan *frame  // digest → compress
	packing  chan *frame  // compress → pack
	packs    chan packed  // pack → upload
	durable  chan packed  // upload → record
	verdicts chan verdict // export, and enumerate for what needs no export → record
	aside    *aside       // export → batch, once there is nothing else
	doubt    doubt        // whether exports work
	stopped  stopReason   // why the front ended early
	record   *recorder
	crowded  atomic.Bool // so many items wait for packs that frames and packs do not wait to fill
	hurried  atomic.Bool // nor do they because a partial snapshot is due
	clocks   *clocks

	pool           *Pool
	computedBefore float64 // seconds that stages of the pool had computed
	frameRoom      share   // for frames on their way to a pack
	packRoom       share   // for packs that are not durable
}

// ErrInterrupted is in the error of a run whose caller cancelled it.
var ErrInterrupted = errors.New("interrupted")

// Run hauls the job's mailbox and commits a snapshot, and partial ones on its way.
// It returns a report whenever it committed one, even beside an error: if Graph fails
// for good or ctx is cancelled, what is durable by then is committed as a partial
// snapshot, and the error tells why it is not complete (ErrInterrupted, if it was that).
func Run(ctx context.Context, job Job, opts Options) (*Report, error) {
	if opts.Pool != nil {
		return opts.Pool.run(ctx, job, opts)
	}
	pool, err := NewPool(1)
	if err != nil {
		return nil, err
	}
	defer pool.Close()
	return pool.run(ctx, job, opts)
}

// run waits for a place in the pool, and runs.
func (p *Pool) run(ctx context.Context, job Job, opts Options) (*Report, error) {
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	case <-ctx.Done():
		return nil, ErrInterrupted
	}
	r := &run{
		computedBefore: computing(p.Stages()),
		job:            job, opts: opts.withDefaults(), started: time.Now().UTC(), index: newIndex(), known: newChunkSet(), aside: newAside(),
		failed: map[manifest.RowKey]manifest.Failure{}, failedBefore: map[string]int64{},
		pool: p, clocks: newClocks(p.clocks), frameRoom: share{of: p.frames}, packRoom: share{of: p.packs},
	}
	return r.do(ctx)
}

// do runs: Run tells what comes of it.
func (r *run) do(ctx context.Context) (*Report, error) {
	if err := r.loadParent(ctx); err != nil {
		return nil, err
	}
	if err := r.enumerateTree(ctx); err != nil {
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		return nil, err
	}
	back, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	defer cancel(nil)
	defer boundDrain(ctx, r.opts.DrainTimeout, cancel)()
	if err := r.haul(ctx, back, cancel); err != nil {
		if r.stopped.reason() == ErrInterrupted {
			err = errors.Join(ErrInterrupted, err)
		}
		return nil, err
	}
	return r.finish(ctx, back)
}

// finish turns what the stages left behind into a snapshot and a report.
func (r *run) finish(ctx, back context.Context) (*Report, error) {
	stopped := r.stopped.reason()
	if stopped == nil {
		r.keepUnlisted()
		if ctx.Err() != nil {
			stopped = ErrInterrupted
		}
	}
	r.record.worker.turn(busy)
	if stopped == nil {
		if err := r.buryLost(back); err != nil {
			return nil, err
		}
		r.account()
	}
	if stopped == nil || r.record.progressed() {
		if err := r.commitLast(back, stopped == nil); err != nil {
			return nil, errors.Join(stopped, err)
		}
	}
	r.record.worker.end()
	return r.report(), stopped
}

// commitLast commits the run's last snapshot.
func (r *run) commitLast(ctx context.Context, through bool) error {
	last, err := r.record.segments.seal()
	if err != nil {
		return err
	}
	if err := r.storeKeys(ctx); err != nil {
		return err
	}
	s := r.snapshot(through && r.counts().Pending == 0)
	if last != nil {
		s.Segments = append(s.Segments, last.Segment)
	}
	r.index.forget()
	if err := r.tidy(ctx, s, last); err != nil {
		return err
	}
	return r.commit(ctx, s)
}

// haul runs the stages until all items are recorded, or the front has stopped
// and what had arrived is recorded. An error means that nothing can be stored.
func (r *run) haul(ctx, back context.Context, cancel context.CancelCauseFunc) error {
	r.makeChannels()
	r.record = newRecorder(r)
	defer r.packRoom.giveAll()
	defer r.frameRoom.giveAll()

	g, back := errgroup.WithContext(back)
	front, stop := context.WithCancelCause(back)
	defer stop(nil)
	r.stopped.stop = stop
	defer context.AfterFunc(ctx, func() { r.stopped.because(ErrInterrupted) })()
	defer boundDrain(front, r.opts.DrainTimeout, cancel)()

	g.Go(func() error { defer close(r.items); r.enumerate(front); return nil })
	c := r.clocks
	fanOut := func(n int, c *clock, work func(*worker) error, after func()) { fanOut(g, cancel, n, c, work, after) }
	fanOut(1, &c.batch, func(w *worker) error { r.batch(front, w); return nil }, func() { close(r.batches) })
	fanOut(r.opts.Exporters, &c.export, func(w *worker) error { return r.export(front, back, w) }, func() { close(r.frames); close(r.verdicts) })
	fanOut(compressors(), &c.compress, func(w *worker) error { return r.compress(back, w) }, func() { close(r.packing) })
	fanOut(1, &c.pack, func(w *worker) error { return r.pack(back, w) }, func() { close(r.packs) })
	fanOut(uploaders, &c.upload, func(w *worker) error { return r.upload(back, w) }, func() { close(r.durable) })
	fanOut(1, &c.record, func(w *worker) error { return r.record.record(back, w) }, func() {})
	return g.Wait()
}

// makeChannels makes what joins the stages. Buffers of one batch or frame for
// each taker let a stage go on while the next one starts; more would only be memory.
func (r *run) makeChannels() {
	r.items = make(chan item, batchSize)
	r.batches = make(chan []item, 1)
	r.frames = make(chan *frame, 1)
	r.packing = make(chan *frame, 1)
	r.packs = make(chan packed)
	r.durable = make(chan packed, uploaders)
	r.verdicts = make(chan verdict, batchSize)
}

// fanOut runs n workers of a stage and calls after once all of them have ended. An error ends the
// run before that: what waits for the stage is not to find its own reason for what it lacks.
func fanOut(g *errgroup.Group, cancel context.CancelCauseFunc, n int, c *clock, work func(*worker) error, after func()) {
	var wg sync.WaitGroup
	c.employ(n)
	for range n {
		wg.Add(1)
		g.Go(func() error {
			defer wg.Done()
			w := c.start()
			defer w.end()
			err := work(w)
			if err != nil {
				cancel(err)
			}
			return err
		})
	}
	g.Go(func() error { wg.Wait(); c.employ(-n); after(); return nil })
}

// send passes v on unless ctx ends first. The worker is blocked meanwhile.
func send[T any](ctx context.Context, w *worker, ch chan<- T, v T) error {
	w.turn(blocked)
	defer w.turn(busy)
	select {
	case ch <- v:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// receive takes the next value; none is left if more is false. The worker is starved
// meanwhile.
func receive[T any](w *worker, ch <-chan T) (v T, more bool) {
	w.turn(starved)
	v, more = <-ch
	w.turn(busy)
	return v, more
}
