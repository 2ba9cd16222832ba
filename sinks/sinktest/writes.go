package sinktest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository"
)

func readYourWrite(ctx context.Context, e *Env) error {
	const key = "your/write"
	data := content(1, 70_001)
	if err := e.isAbsent(ctx, key); err != nil {
		return err
	}
	if err := e.create(ctx, e.bucket(0), key, data); err != nil {
		return err
	}
	for i := range e.buckets {
		if err := e.holds(ctx, e.bucket(i), key, data); err != nil {
			return err
		}
	}
	attrs, err := e.first().Attributes(ctx, key)
	switch {
	case err != nil:
		return repository.Wrap("look at", key, err)
	case attrs.Size != int64(len(data)):
		return fmt.Errorf("look at %s: its size is %d, not %d", key, attrs.Size, len(data))
	}
	found, err := e.list(ctx, &blob.ListOptions{Prefix: "your/"})
	switch {
	case err != nil:
		return err
	case len(found) != 1 || found[0].Key != key || found[0].Size != int64(len(data)):
		return fmt.Errorf("list your/: it does not show %s with %d bytes, which was just written", key, len(data))
	}
	return e.emptyObject(ctx)
}

// emptyObject makes sure that nothing can be stored, too.
func (e *Env) emptyObject(ctx context.Context) error {
	const key = "empty"
	if err := e.create(ctx, e.first(), key, nil); err != nil {
		return err
	}
	return e.holds(ctx, e.first(), key, nil)
}

func overwrite(ctx context.Context, e *Env) error {
	const key = "overwritten"
	data := content(2, 5_000)
	if err := e.create(ctx, e.first(), key, data); err != nil {
		return err
	}
	for i, other := range [][]byte{content(3, 5_000), content(4, 1), data} {
		err := try(ctx, func() error { return upload(ctx, e.bucket(i), key, bytes.NewReader(other)) })
		switch {
		case err == nil:
			return fmt.Errorf("write %s: it was created again, over the one that was there", key)
		case !isThere(err):
			return repository.Wrap("write again", key, err)
		}
		if err := e.holds(ctx, e.bucket(i+1), key, data); err != nil {
			return err
		}
	}
	return nil
}

// writers is how many create an object at once.
const writers = 16

func oneWinner(ctx context.Context, e *Env) error {
	for round, size := range []int{100, 100, 64 << 10, 64 << 10, 1 << 20} {
		if err := e.race(ctx, fmt.Sprintf("race/%d", round), size); err != nil {
			return err
		}
	}
	return nil
}

// race lets many create an object with different bytes.
func (e *Env) race(ctx context.Context, key string, size int) error {
	var errs [writers]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range writers {
		wg.Go(func() {
			data := content(uint64(i), size)
			<-start
			errs[i] = e.create(ctx, e.bucket(i), key, data)
		})
	}
	close(start)
	wg.Wait()
	var won []int
	for i, err := range errs {
		switch {
		case err == nil:
			won = append(won, i)
		case !isThere(err):
			return err
		}
	}
	if len(won) != 1 {
		return fmt.Errorf("write %s: %d of %d that created it at once were told that they did", key, len(won), writers)
	}
	return e.holds(ctx, e.bucket(won[0]+1), key, content(uint64(won[0]), size))
}

// cancelSize is long enough to be canceled on its way.
const cancelSize = 1 << 20

// cancelled cancels writes at several moments. Before they send an object, drivers may read
// it for its checksum: what is read counts.
func cancelled(ctx context.Context, e *Env) error {
	data := content(5, cancelSize)
	var keys []string
	for _, after := range []int{0, cancelSize / 2, cancelSize + cancelSize/2, 2*cancelSize + cancelSize/2} {
		for _, whole := range []bool{true, false} {
			key := fmt.Sprintf("cancelled/%d-%t", after, whole)
			done, err := e.cancelWrite(ctx, key, data, after, whole)
			if err != nil {
				return err
			}
			if !done {
				keys = append(keys, key)
			} else if err := e.holds(ctx, e.first(), key, data); err != nil {
				return err
			}
		}
	}
	for _, key := range keys {
		if err := e.isAbsent(ctx, key); err != nil {
			return fmt.Errorf("a write that was canceled: %w", err)
		}
	}
	for _, key := range keys {
		if err := e.create(ctx, e.first(), key, []byte(probeText)); err != nil {
			return fmt.Errorf("after a write that was canceled: %w", err)
		}
	}
	return nil
}

// cancelWrite cancels a write when so many bytes of the object were read, and reports
// whether it was done before. The body is one that can be read again if whole says so.
func (e *Env) cancelWrite(ctx context.Context, key string, data []byte, after int, whole bool) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if after == 0 {
		cancel()
	}
	body := &cancelReader{ctx: ctx, cancel: cancel, Reader: bytes.NewReader(data), left: after}
	e.note(key)
	if whole {
		err = upload(ctx, e.first(), key, body)
	} else {
		err = upload(ctx, e.first(), key, struct{ io.Reader }{body})
	}
	switch {
	case err == nil && ctx.Err() == nil:
		return true, nil
	case err == nil:
		return false, fmt.Errorf("write %s: it was canceled and said to be done", key)
	}
	return false, nil
}

// A cancelReader cancels when so many bytes are read, and has no more then.
type cancelReader struct {
	*bytes.Reader
	ctx    context.Context
	cancel context.CancelFunc
	left   int
}

func (r *cancelReader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, r.ctx.Err()
	}
	n, err := r.Reader.Read(p[:min(len(p), 32<<10)])
	if r.left -= n; r.left <= 0 {
		r.cancel()
	}
	return n, err
}

// WriteTo hides that of bytes.Reader, which would not be seen.
func (r *cancelReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}
