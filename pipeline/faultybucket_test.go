package pipeline_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// A faultyBucket is a store in memory that can be told to fail from some write on,
// as it looks to a process that is killed there: what was written before stays, what
// comes after does not happen.
type faultyBucket struct {
	mu      sync.Mutex
	objects map[string][]byte
	left    int // writes until all fail; negative: none does
}

var (
	errStoreDown = errors.New("the store is down")
	errNoObject  = errors.New("no such object")
	errExists    = errors.New("the object exists")
)

func newFaultyBucket() *faultyBucket { return &faultyBucket{objects: map[string][]byte{}, left: -1} }

func (b *faultyBucket) open() *blob.Bucket { return blob.NewBucket(b) }

func (b *faultyBucket) failAfter(writes int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = writes
}

// down reports whether the store fails; the lock is held.
func (b *faultyBucket) down() bool { return b.left == 0 }

func (b *faultyBucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errNoObject):
		return gcerrors.NotFound
	case errors.Is(err, errExists):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errStoreDown):
		return gcerrors.PermissionDenied // what no repetition mends
	}
	return gcerrors.Unknown
}

func (b *faultyBucket) As(any) bool             { return false }
func (b *faultyBucket) ErrorAs(error, any) bool { return false }
func (b *faultyBucket) Close() error            { return nil }

func (b *faultyBucket) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[key]
	if !ok {
		return nil, errNoObject
	}
	return &driver.Attributes{Size: int64(len(data)), ModTime: time.Unix(1, 0)}, nil
}

func (b *faultyBucket) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	page := &driver.ListPage{}
	for key, data := range b.objects {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		o := &driver.ListObject{Key: key, Size: int64(len(data)), ModTime: time.Unix(1, 0)}
		if i := strings.Index(rest, opts.Delimiter); opts.Delimiter != "" && i >= 0 {
			o = &driver.ListObject{Key: opts.Prefix + rest[:i+len(opts.Delimiter)], IsDir: true}
		}
		if !slices.ContainsFunc(page.Objects, func(other *driver.ListObject) bool { return other.Key == o.Key }) {
			page.Objects = append(page.Objects, o)
		}
	}
	slices.SortFunc(page.Objects, func(a, b *driver.ListObject) int { return strings.Compare(a.Key, b.Key) })
	return page, nil
}

type faultyReader struct {
	io.Reader
	size int64
}

func (r *faultyReader) Close() error { return nil }
func (r *faultyReader) As(any) bool  { return false }
func (r *faultyReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size, ModTime: time.Unix(1, 0)}
}

func (b *faultyBucket) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	data, ok := b.objects[key]
	if !ok {
		return nil, errNoObject
	}
	size := int64(len(data))
	data = data[min(offset, size):]
	if length >= 0 {
		data = data[:min(length, int64(len(data)))]
	}
	return &faultyReader{bytes.NewReader(data), size}, nil
}

type faultyWriter struct {
	bytes.Buffer
	ctx    context.Context
	bucket *faultyBucket
	key    string
	absent bool
}

func (b *faultyBucket) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &faultyWriter{ctx: ctx, bucket: b, key: key, absent: opts.IfNotExist}, nil
}

func (w *faultyWriter) Close() error {
	b := w.bucket
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if b.down() {
		return errStoreDown
	}
	if b.left > 0 {
		b.left--
	}
	if _, ok := b.objects[w.key]; ok && w.absent {
		return errExists
	}
	b.objects[w.key] = w.Bytes()
	return nil
}

func (b *faultyBucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.ErrUnsupported
}

func (b *faultyBucket) Delete(context.Context, string, *driver.DeleteOptions) error {
	return errors.ErrUnsupported
}

func (b *faultyBucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.ErrUnsupported
}
