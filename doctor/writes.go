package doctor

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
)

func (s *scratch) readYourWrite(ctx context.Context) error {
	const key = "your/write"
	data := content(1, 70_001)
	if err := s.checkAbsent(ctx, key); err != nil {
		return err
	}
	if err := s.create(ctx, s.bucket(0), key, data); err != nil {
		return err
	}
	for _, b := range s.buckets {
		if err := s.checkContent(ctx, b, key, data); err != nil {
			return err
		}
	}
	attrs, err := s.attributes(ctx, key)
	switch {
	case err != nil:
		return err
	case attrs.Size != int64(len(data)):
		return fmt.Errorf("look at %s: its size is %d, not %d", key, attrs.Size, len(data))
	}
	found, err := s.list(ctx, "your/", "")
	switch {
	case err != nil:
		return err
	case len(found) != 1 || found[0].Key != key || found[0].Size != int64(len(data)):
		return fmt.Errorf("list your/: %s with %d bytes, which was just written, is missing", key, len(data))
	}
	return s.emptyObject(ctx)
}

// emptyObject checks that an object of no bytes can be stored.
func (s *scratch) emptyObject(ctx context.Context) error {
	const key = "empty"
	if err := s.create(ctx, s.first(), key, nil); err != nil {
		return err
	}
	return s.checkContent(ctx, s.first(), key, nil)
}

func (s *scratch) overwrite(ctx context.Context) error {
	const key = "overwritten"
	data := content(2, 5_000)
	if err := s.create(ctx, s.first(), key, data); err != nil {
		return err
	}
	for i, other := range [][]byte{content(3, 5_000), content(4, 1), data} {
		err := retry(ctx, func() error { return s.upload(ctx, s.bucket(i), key, bytes.NewReader(other)) })
		switch {
		case err == nil:
			return fmt.Errorf("write %s: the store created it again, over the existing object", key)
		case !isExists(err):
			return storeError("write again", key, err)
		}
		if err := s.checkContent(ctx, s.bucket(i+1), key, data); err != nil {
			return err
		}
	}
	return nil
}

func (s *scratch) oneWinner(ctx context.Context) error {
	for round, size := range []int{100, 100, 64 << 10, 64 << 10, 1 << 20} {
		if err := s.race(ctx, fmt.Sprintf("race/%d", round), size); err != nil {
			return err
		}
	}
	return nil
}

// race has several clients create one object with different bytes at the same time.
func (s *scratch) race(ctx context.Context, key string, size int) error {
	var errs [concurrency]error
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range errs {
		wg.Go(func() {
			data := content(uint64(i), size)
			<-start
			errs[i] = s.create(ctx, s.bucket(i), key, data)
		})
	}
	close(start)
	wg.Wait()
	var winners []int
	for i, err := range errs {
		switch {
		case err == nil:
			winners = append(winners, i)
		case !isExists(err):
			return err
		}
	}
	if len(winners) != 1 {
		return fmt.Errorf("write %s: of %d clients that created it at once, the store reported success to %d", key, len(errs), len(winners))
	}
	return s.checkContent(ctx, s.bucket(winners[0]+1), key, content(uint64(winners[0]), size))
}

// cancelSize is large enough to cancel a write halfway.
const cancelSize = 1 << 20

// canceled cancels writes at several points. A driver may read the body once for its checksum
// before it sends it, so the points are in bytes read, not in bytes sent.
func (s *scratch) canceled(ctx context.Context) error {
	data := content(5, cancelSize)
	var keys []string
	for _, after := range []int{0, cancelSize / 2, cancelSize + cancelSize/2, 2*cancelSize + cancelSize/2} {
		for _, seekable := range []bool{true, false} {
			key := fmt.Sprintf("canceled/%d-%t", after, seekable)
			done, err := s.cancelWrite(ctx, key, data, after, seekable)
			if err != nil {
				return err
			}
			if !done {
				keys = append(keys, key)
			} else if err := s.checkContent(ctx, s.first(), key, data); err != nil {
				return err
			}
		}
	}
	for _, key := range keys {
		if err := s.checkAbsent(ctx, key); err != nil {
			return fmt.Errorf("a canceled write: %w", err)
		}
	}
	for _, key := range keys {
		if err := s.create(ctx, s.first(), key, []byte(probeText)); err != nil {
			return fmt.Errorf("after a canceled write: %w", err)
		}
	}
	return nil
}

// cancelWrite cancels a write when the driver has read the given number of bytes of its body. It
// reports whether the write finished before that.
func (s *scratch) cancelWrite(ctx context.Context, key string, data []byte, after int, seekable bool) (done bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if after == 0 {
		cancel()
	}
	cancelling := &cancelReader{ctx: ctx, cancel: cancel, Reader: bytes.NewReader(data), left: after}
	var body io.Reader = cancelling
	if !seekable {
		body = struct{ io.Reader }{cancelling}
	}
	s.record(key)
	err = s.upload(ctx, s.first(), key, body)
	switch {
	case err == nil && ctx.Err() == nil:
		return true, nil
	case err == nil:
		return false, fmt.Errorf("write %s: it was canceled, and the driver reported success", key)
	}
	return false, nil
}

// A cancelReader cancels a context when the given number of bytes has been read, and then fails.
// It holds the context because Read has no parameter for it.
type cancelReader struct {
	*bytes.Reader
	ctx    context.Context
	cancel context.CancelFunc
	left   int // bytes until it cancels
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

// WriteTo replaces the method of bytes.Reader, which would bypass Read.
func (r *cancelReader) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{r})
}
