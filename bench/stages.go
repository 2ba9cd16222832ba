package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/repository"
)

// A StageReport is what [Stages] found in one round.
type StageReport struct {
	Items  int64      `json:"items"`
	Bytes  int64      `json:"bytes"`
	Stages []StageRun `json:"stages"`
	Stream int64      `json:"stream"` // bytes of one zstd stream over all items, at the level that mailhaul uses
}

// A StageRun is what one stage took.
type StageRun struct {
	Name    string  `json:"name"`
	Variant string  `json:"variant,omitempty"`
	CPU     float64 `json:"cpu"`           // seconds
	Bytes   int64   `json:"bytes"`         // that it was given, as FastTransfer bytes
	Out     int64   `json:"out,omitempty"` // bytes that it made; 0 if they are what it was given
}

// The stages.
const (
	stageRead     = "read"
	stageDecode   = "decode"
	stageDigest   = "digest"
	stageCompress = "compress"
	stagePack     = "pack"
	stageUpload   = "upload"
)

// groupBytes is how much is in memory at once, decoded. It is more than a processor's caches hold.
const groupBytes = 64 << 20

// Stages measures the stages of the way from Graph to a repository by themselves, each over all items of a mailbox: what
// one has made is ready in memory before the clock of the next one starts. Only one processor should be given to the process.
// levels has the levels of zstd measured that mailhaul does not use.
func Stages(ctx context.Context, graphURL, mailbox string, repo *repository.Repository, levels bool) (*StageReport, error) {
	m := openPlain(graphURL, mailbox)
	defer m.close()
	ids, err := m.items(ctx)
	if err != nil {
		return nil, err
	}
	b, err := newStageBench(graphURL, mailbox, repo, levels)
	if err != nil {
		return nil, err
	}
	defer b.close()
	for batch := range slices.Chunk(ids, batchSize) {
		if err := b.read(ctx, m, batch); err != nil {
			return nil, fmt.Errorf("stage %s: %w", stageRead, err)
		}
		if len(b.bodies.data) < groupBytes {
			continue
		}
		if err := b.group(ctx); err != nil {
			return nil, err
		}
	}
	if err := b.group(ctx); err != nil {
		return nil, err
	}
	return b.finish(ctx)
}

// A stopwatch adds up what a stage takes.
type stopwatch struct {
	run StageRun
	cpu time.Duration
}

// time counts the CPU time that f takes.
func (w *stopwatch) time(f func()) {
	before := cpuTime()
	f()
	w.cpu += cpuTime() - before
}

// result is what the stage took.
func (w *stopwatch) result() StageRun {
	r := w.run
	r.CPU = w.cpu.Seconds()
	return r
}

// watch returns a new stopwatch.
func (b *stageBench) watch(name, variant string) *stopwatch {
	w := &stopwatch{run: StageRun{Name: name, Variant: variant}}
	b.watches = append(b.watches, w)
	return w
}
