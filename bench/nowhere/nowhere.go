// Package nowhere is a bucket that discards packs, for measurements without a store.
//
// It keeps only the sizes of packs and never copies their bytes, so it takes neither the time nor
// the memory that a store in memory would. Everything else it keeps, as a repository reads its
// segments and manifests back.
package nowhere

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// URL is the URL of a store that discards packs.
const URL = "nowhere://"

// Open opens an empty bucket. Its packs cannot be read.
func Open() *blob.Bucket {
	return blob.NewBucket(&bucket{objects: map[string]object{}})
}

// A bucket implements driver.Bucket.
type bucket struct {
	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	size int64
	data []byte // nil of packs
}

var (
	errAbsent      = errors.New("no such object")
	errExists      = errors.New("the object exists")
	errUnsupported = errors.New("not supported by " + URL)
)

func (*bucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errAbsent):
		return gcerrors.NotFound
	case errors.Is(err, errExists):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errUnsupported):
		return gcerrors.Unimplemented
	}
	return gcerrors.Unknown
}

func (*bucket) As(any) bool             { return false }
func (*bucket) ErrorAs(error, any) bool { return false }
func (*bucket) Close() error            { return nil }

func (b *bucket) find(key string) (object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.objects[key]
	if !ok {
		return object{}, errAbsent
	}
	return o, nil
}

func (b *bucket) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	o, err := b.find(key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{Size: o.size}, nil
}

// ListPaged returns everything on one page.
func (b *bucket) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	page := &driver.ListPage{}
	for _, key := range slices.Sorted(maps.Keys(b.objects)) {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		o := &driver.ListObject{Key: key, Size: b.objects[key].size}
		if dir, _, found := strings.Cut(rest, opts.Delimiter); found && opts.Delimiter != "" {
			o = &driver.ListObject{Key: opts.Prefix + dir + opts.Delimiter, IsDir: true}
		}
		if n := len(page.Objects); n == 0 || page.Objects[n-1].Key != o.Key {
			page.Objects = append(page.Objects, o)
		}
	}
	return page, nil
}

type reader struct {
	*bytes.Reader
	size int64
}

func (reader) Close() error { return nil }
func (reader) As(any) bool  { return false }
func (r reader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size}
}

func (b *bucket) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	o, err := b.find(key)
	switch {
	case err != nil:
		return nil, err
	case o.data == nil && o.size > 0:
		return nil, errUnsupported
	}
	data := o.data[min(offset, o.size):]
	if length >= 0 {
		data = data[:min(length, int64(len(data)))]
	}
	return reader{bytes.NewReader(data), o.size}, nil
}

// A writer implements driver.Writer and driver.Uploader.
type writer struct {
	bucket  *bucket
	key     string
	absent  bool // the object must not exist
	discard bool
	object  object
}

// isPack reports whether a key, which may have a prefix, belongs to a pack.
func isPack(key string) bool { return strings.Contains("/"+key, "/packs/") }

func (b *bucket) NewTypedWriter(_ context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &writer{bucket: b, key: key, absent: opts.IfNotExist, discard: isPack(key)}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	w.object.size += int64(len(p))
	if !w.discard {
		w.object.data = append(w.object.data, p...)
	}
	return len(p), nil
}

// Upload takes the size of a pack without reading the pack.
func (w *writer) Upload(r io.Reader) error {
	if seeker, ok := r.(io.Seeker); ok && w.discard {
		n, err := seeker.Seek(0, io.SeekEnd)
		w.object.size = n
		return err
	}
	_, err := io.Copy(w, r)
	return err
}

func (w *writer) Close() error {
	w.bucket.mu.Lock()
	defer w.bucket.mu.Unlock()
	if _, exists := w.bucket.objects[w.key]; exists && w.absent {
		return errExists
	}
	w.bucket.objects[w.key] = w.object
	return nil
}

func (b *bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.objects[key]; !ok {
		return errAbsent
	}
	delete(b.objects, key)
	return nil
}

func (*bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errUnsupported
}

func (*bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errUnsupported
}
