package bench

import (
	"context"
	"fmt"
	"io"

	"github.com/mailhaul/mailhaul/repository"
)

// A pile is some byte strings, laid end to end.
type pile struct {
	data []byte
	ends []int
}

func (p *pile) empty() { p.data, p.ends = p.data[:0], p.ends[:0] }

// end ends a string.
func (p *pile) end() { p.ends = append(p.ends, len(p.data)) }

// all goes through the strings.
func (p *pile) all(yield func(i int, b []byte) bool) {
	start := 0
	for i, end := range p.ends {
		if !yield(i, p.data[start:end]) {
			return
		}
		start = end
	}
}

// A stageBench measures stages, a group of batches after the other.
type stageBench struct {
	buf     []byte
	bodies  pile       // responses of exportItems
	batches [][]string // the ids of each
	items   pile       // the streams in them
	count   int64      // items in all
	bytes   int64      // of them

	watches    []*stopwatch
	readWatch  *stopwatch
	plainWatch *stopwatch
	graphWatch *stopwatch
	graph      *cannedGraph
	digest     *stopwatch
	levels     []*level
	packing    *packing
	stream     *stream
}

func newStageBench(graphURL, mailbox string, repo *repository.Repository, levels bool) (*stageBench, error) {
	b := &stageBench{buf: make([]byte, 64<<10)}
	b.readWatch = b.watch(stageRead, "")
	b.plainWatch = b.watch(stageDecode, "plain")
	b.graphWatch = b.watch(stageDecode, "mailhaul")
	b.digest = b.watch(stageDigest, "")
	var err error
	if b.graph, err = newCannedGraph(graphURL, mailbox); err != nil {
		return nil, err
	}
	if b.levels, err = b.newLevels(levels); err != nil {
		return nil, err
	}
	b.packing = b.newPacking(repo)
	b.stream, err = newStream()
	return b, err
}

func (b *stageBench) close() {
	b.graph.client.Close()
	for _, l := range b.levels {
		l.close()
	}
}

// read reads a response twice: once with the clock, into a buffer that stays in the processor's caches, and once to keep.
func (b *stageBench) read(ctx context.Context, m *plainMailbox, ids []string) error {
	var err error
	b.readWatch.time(func() {
		err = b.consume(ctx, m, ids, func([]byte) {})
	})
	if err != nil {
		return err
	}
	err = b.consume(ctx, m, ids, func(p []byte) { b.bodies.data = append(b.bodies.data, p...) })
	b.bodies.end()
	b.batches = append(b.batches, ids)
	return err
}

func (b *stageBench) consume(ctx context.Context, m *plainMailbox, ids []string, with func([]byte)) error {
	body, err := m.export(ctx, ids)
	if err != nil {
		return err
	}
	defer body.Close()
	for {
		n, err := body.Read(b.buf)
		with(b.buf[:n])
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}

// group takes the responses that were read through the stages.
func (b *stageBench) group(ctx context.Context) error {
	if len(b.bodies.ends) == 0 {
		return nil
	}
	if err := b.decode(ctx); err != nil {
		return fmt.Errorf("stage %s: %w", stageDecode, err)
	}
	b.readWatch.run.Bytes += int64(len(b.items.data))
	b.count, b.bytes = b.count+int64(len(b.items.ends)), b.bytes+int64(len(b.items.data))
	b.digestItems()
	if err := b.stream.write(b.items.data); err != nil {
		return err
	}
	frames := framesOf(&b.items)
	for _, l := range b.levels {
		l.compress(frames)
	}
	if err := b.packing.pack(ctx, frames); err != nil {
		return err
	}
	b.bodies.empty()
	b.items.empty()
	b.batches = b.batches[:0]
	return nil
}

// finish ends the last pack, and tells what came of it all.
func (b *stageBench) finish(ctx context.Context) (*StageReport, error) {
	if err := b.packing.finish(ctx); err != nil {
		return nil, err
	}
	size, err := b.stream.end()
	if err != nil {
		return nil, err
	}
	r := &StageReport{Items: b.count, Bytes: b.bytes, Stream: size}
	for _, w := range b.watches {
		r.Stages = append(r.Stages, w.result())
	}
	return r, nil
}
