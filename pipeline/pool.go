package pipeline

import (
	"context"

	"github.com/mailhaul/mailhaul/pipeline/internal/packing"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
)

// A Pool is what the runs of a process share: compressors, uploads, and the memory for data on its
// way from Graph to the bucket. It is safe for concurrent use. No run waits for another without
// end: a run that waits to start holds nothing.
type Pool struct {
	slots     chan struct{} // runs at a time
	resources *packing.Resources
	clocks    *stage.Clocks // of all runs

	maxWaiting int // see recorder.wait
}

// NewPool returns a pool for a number of runs at a time; further runs wait until one of them has
// ended. The caller closes it after the last run.
func NewPool(runs int) (*Pool, error) { return newPool(runs, 0) }

// newPool returns a pool whose packs end at packTarget stored bytes; 0 stands for the default.
func newPool(runs, packTarget int) (*Pool, error) {
	runs = max(runs, 1)
	resources, err := packing.NewResources(runs, packTarget)
	if err != nil {
		return nil, err
	}
	return &Pool{
		slots: make(chan struct{}, runs), resources: resources, clocks: stage.NewClocks(nil), maxWaiting: 1 << 15,
	}, nil
}

// Compressors returns the number of frames that are compressed at a time.
func (p *Pool) Compressors() int { return p.resources.Compressors() }

// Close frees the pool's resources. All runs have ended.
func (p *Pool) Close() error { return p.resources.Close() }

// Stages returns what the stages of all runs together did so far. It may be called at any time. A
// worker's current activity is counted when it ends.
func (p *Pool) Stages() []Stage { return stages(p.clocks) }

// acquire waits until a run may start. It returns false if ctx ends before.
func (p *Pool) acquire(ctx context.Context) bool {
	select {
	case p.slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (p *Pool) release() { <-p.slots }
