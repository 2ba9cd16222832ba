package yardstick

import (
	"context"
	"io"
)

// A pile is a sequence of byte strings in one buffer.
type pile struct {
	data []byte
	ends []int
}

func (p *pile) reset() { p.data, p.ends = p.data[:0], p.ends[:0] }

// end ends a string.
func (p *pile) end() { p.ends = append(p.ends, len(p.data)) }

// all iterates over the strings.
func (p *pile) all(yield func(i int, b []byte) bool) {
	start := 0
	for i, end := range p.ends {
		if !yield(i, p.data[start:end]) {
			return
		}
		start = end
	}
}

// reading is the stage read.
type reading struct {
	client  *client
	watch   *stopwatch
	buf     []byte
	batches [][]string // the ids of each response
	bodies  pile       // responses
}

func (r *reading) reset() {
	r.bodies.reset()
	r.batches = r.batches[:0]
}

// batch reads a response twice: with the clock into a buffer that stays in the processor's caches,
// and without the clock to keep it.
func (r *reading) batch(ctx context.Context, ids []string) error {
	var err error
	r.watch.time(func() {
		err = r.consume(ctx, ids, func([]byte) {})
	})
	if err != nil {
		return err
	}
	err = r.consume(ctx, ids, func(p []byte) { r.bodies.data = append(r.bodies.data, p...) })
	r.bodies.end()
	r.batches = append(r.batches, ids)
	return err
}

// consume requests items and calls f with each part of the response.
func (r *reading) consume(ctx context.Context, ids []string, f func([]byte)) error {
	body, err := r.client.export(ctx, ids)
	if err != nil {
		return err
	}
	defer body.Close()
	for {
		n, err := body.Read(r.buf)
		f(r.buf[:n])
		switch err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
	}
}
