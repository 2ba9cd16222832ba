package yardstick

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/repository"
)

// Names of stages.
const (
	stageRead     = "read"
	stageDecode   = "decode"
	stageDigest   = "digest"
	stageCompress = "compress"
	stagePack     = "pack"
	stageUpload   = "upload"
)

// groupBytes is how many decoded bytes pass through the stages at a time. They exceed the caches of
// a processor, as the bytes of an export do.
const groupBytes = 64 << 20

// Stages measures the stages of an export, each alone over all items of a mailbox: the output of
// one stage is complete in memory before the clock of the next stage starts. The process should
// have one processor. With allLevels, it also measures the levels of zstd that mailhaul does not
// use.
func Stages(ctx context.Context, graphURL, mailbox string, repo *repository.Repository, allLevels bool) (*StageReport, error) {
	c := newClient(graphURL, mailbox)
	defer c.close()
	ids, err := c.itemIDs(ctx)
	if err != nil {
		return nil, err
	}
	s, err := newStages(c, graphURL, mailbox, repo, allLevels)
	if err != nil {
		return nil, err
	}
	defer s.close()
	for batch := range slices.Chunk(ids, BatchSize) {
		if err := s.read.batch(ctx, batch); err != nil {
			return nil, fmt.Errorf("stage %s: %w", stageRead, err)
		}
		if len(s.read.bodies.data) < groupBytes {
			continue
		}
		if err := s.processGroup(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.processGroup(ctx); err != nil {
		return nil, err
	}
	return s.finish(ctx)
}

// A stopwatch measures the CPU time of one stage.
type stopwatch struct {
	run StageRun
	cpu time.Duration
}

// time adds the CPU time that f takes.
func (w *stopwatch) time(f func()) {
	before := machine.CPUTime()
	f()
	w.cpu += machine.CPUTime() - before
}

func (w *stopwatch) result() StageRun {
	r := w.run
	r.CPU = w.cpu.Seconds()
	return r
}

// stages are the stages of an export, in the order in which a group of responses passes them.
type stages struct {
	watches []*stopwatch // in the order of the report
	read    *reading
	decode  *decoding
	digest  *stopwatch
	levels  []*level
	packing *packing
	stream  *stream
	items   int64
	bytes   int64
}

func newStages(c *client, graphURL, mailbox string, repo *repository.Repository, allLevels bool) (*stages, error) {
	s := &stages{}
	s.read = &reading{client: c, watch: s.watch(stageRead, ""), buf: make([]byte, 64<<10)}
	var err error
	if s.decode, err = s.newDecoding(graphURL, mailbox); err != nil {
		return nil, err
	}
	s.digest = s.watch(stageDigest, "")
	if s.levels, err = s.newLevels(allLevels); err != nil {
		return nil, err
	}
	s.packing = &packing{repo: repo, watch: s.watch(stagePack, ""), uploads: s.watch(stageUpload, "")}
	s.stream, err = newStream()
	return s, err
}

// watch adds a stopwatch.
func (s *stages) watch(name, variant string) *stopwatch {
	w := &stopwatch{run: StageRun{Name: name, Variant: variant}}
	s.watches = append(s.watches, w)
	return w
}

func (s *stages) close() {
	s.decode.graph.client.Close()
	for _, l := range s.levels {
		l.close()
	}
}

// processGroup passes the responses that were read through the other stages.
func (s *stages) processGroup(ctx context.Context) error {
	if len(s.read.bodies.ends) == 0 {
		return nil
	}
	items, err := s.decode.group(ctx, s.read)
	if err != nil {
		return fmt.Errorf("stage %s: %w", stageDecode, err)
	}
	s.read.watch.run.Bytes += int64(len(items.data))
	s.items, s.bytes = s.items+int64(len(items.ends)), s.bytes+int64(len(items.data))
	digestItems(s.digest, items)
	if err := s.stream.write(items.data); err != nil {
		return err
	}
	frames := framesOf(items)
	for _, l := range s.levels {
		l.compress(frames)
	}
	if err := s.packing.add(ctx, frames); err != nil {
		return err
	}
	s.read.reset()
	items.reset()
	return nil
}

// finish stores the last pack and returns the report.
func (s *stages) finish(ctx context.Context) (*StageReport, error) {
	if err := s.packing.finish(ctx); err != nil {
		return nil, err
	}
	size, err := s.stream.end()
	if err != nil {
		return nil, err
	}
	r := &StageReport{Items: s.items, Bytes: s.bytes, Stream: size}
	for _, w := range s.watches {
		r.Stages = append(r.Stages, w.result())
	}
	return r, nil
}
