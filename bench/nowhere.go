package bench

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

// Nowhere is the URL of a repository that throws packs away. Nothing can be read back from it: it is for measurements.
const Nowhere = "nowhere://"

// OpenNowhere opens a bucket that remembers of packs nothing but their sizes, and keeps all else in memory.
func OpenNowhere() *blob.Bucket {
	return blob.NewBucket(&nowhere{objects: map[string]object{}})
}

type nowhere struct {
	mu      sync.Mutex
	objects map[string]object
}

type object struct {
	size int64
	data []byte // nil of packs
}

var (
	errAbsent = errors.New("there is no such object")
	errThere  = errors.New("there is such an object")
	errCannot = errors.New("nothing can be read back from nowhere")
)

func (b *nowhere) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errAbsent):
		return gcerrors.NotFound
	case errors.Is(err, errThere):
		return gcerrors.FailedPrecondition
	case errors.Is(err, errCannot):
		return gcerrors.Unimplemented
	}
	return gcerrors.Unknown
}

func (b *nowhere) As(any) bool             { return false }
func (b *nowhere) ErrorAs(error, any) bool { return false }
func (b *nowhere) Close() error            { return nil }

func (b *nowhere) find(key string) (object, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	o, ok := b.objects[key]
	if !ok {
		return object{}, errAbsent
	}
	return o, nil
}

func (b *nowhere) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	o, err := b.find(key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{Size: o.size}, nil
}

// ListPaged lists all on one page.
func (b *nowhere) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
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

type nowhereReader struct {
	*bytes.Reader
	size int64
}

func (nowhereReader) Close() error { return nil }
func (nowhereReader) As(any) bool  { return false }
func (r nowhereReader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size}
}

func (b *nowhere) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	o, err := b.find(key)
	switch {
	case err != nil:
		return nil, err
	case o.data == nil && o.size > 0:
		return nil, errCannot
	}
	data := o.data[min(offset, o.size):]
	if length >= 0 {
		data = data[:min(length, int64(len(data)))]
	}
	return nowhereReader{bytes.NewReader(data), o.size}, nil
}

// A nowhereWriter counts what goes nowhere.
type nowhereWriter struct {
	bucket *nowhere
	key    string
	absent bool // it must be
	keep   bool
	object object
}

// isPack reports whether a key, which may have a prefix, is a pack's.
func isPack(key string) bool { return strings.Contains("/"+key, "/packs/") }

func (b *nowhere) NewTypedWriter(_ context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &nowhereWriter{bucket: b, key: key, absent: opts.IfNotExist, keep: !isPack(key)}, nil
}

func (w *nowhereWriter) Write(p []byte) (int, error) {
	w.object.size += int64(len(p))
	if w.keep {
		w.object.data = append(w.object.data, p...)
	}
	return len(p), nil
}

// Upload implements driver.Uploader: a pack is not even copied.
func (w *nowhereWriter) Upload(r io.Reader) error {
	if seeker, ok := r.(io.Seeker); ok && !w.keep {
		n, err := seeker.Seek(0, io.SeekEnd)
		w.object.size = n
		return err
	}
	_, err := io.Copy(writeOnly{w}, r)
	return err
}

type writeOnly struct{ io.Writer }

func (w *nowhereWriter) Close() error {
	w.bucket.mu.Lock()
	defer w.bucket.mu.Unlock()
	if _, there := w.bucket.objects[w.key]; there && w.absent {
		return errThere
	}
	w.bucket.objects[w.key] = w.object
	return nil
}

func (b *nowhere) Copy(context.Context, string, string, *driver.CopyOptions) error { return errCannot }

func (b *nowhere) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.objects[key]; !ok {
		return errAbsent
	}
	delete(b.objects, key)
	return nil
}

func (b *nowhere) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errCannot
}
