package memstore

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

const pageSize = 1000

// written is the modification time of all objects.
var written = time.Unix(1, 0)

// A bucket is the Go CDK driver of a store.
type bucket struct{ *Store }

func (bucket) ErrorCode(err error) gcerrors.ErrorCode { return errorCode(err) }
func (bucket) As(any) bool                            { return false }
func (bucket) ErrorAs(error, any) bool                { return false }
func (bucket) Close() error                           { return nil }

func (b bucket) Attributes(ctx context.Context, key string) (*driver.Attributes, error) {
	if err := b.intercepted(ctx, "head", key); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls.Head++
	if err := b.stumble(); err != nil {
		return nil, err
	}
	data, ok := b.see(key)
	if !ok {
		return nil, errAbsent
	}
	return &driver.Attributes{Size: int64(len(data)), ModTime: written}, nil
}

// ListPaged lists a page. The page token is the last key of the previous page.
func (b bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	if err := b.intercepted(ctx, "list", opts.Prefix); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls.List++
	if err := b.stumble(); err != nil {
		return nil, err
	}
	all := map[string]*driver.ListObject{}
	for key, data := range b.objects {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		o := &driver.ListObject{Key: key, Size: int64(len(data)), ModTime: written}
		if i := strings.Index(rest, opts.Delimiter); opts.Delimiter != "" && i >= 0 {
			o = &driver.ListObject{Key: opts.Prefix + rest[:i+len(opts.Delimiter)], IsDir: true}
		}
		if o.Key > string(opts.PageToken) {
			all[o.Key] = o
		}
	}
	page := &driver.ListPage{}
	for _, o := range all {
		page.Objects = append(page.Objects, o)
	}
	slices.SortFunc(page.Objects, func(a, b *driver.ListObject) int { return strings.Compare(a.Key, b.Key) })
	if len(page.Objects) > pageSize {
		page.Objects = page.Objects[:pageSize]
		page.NextPageToken = []byte(page.Objects[pageSize-1].Key)
	}
	return page, nil
}

type reader struct {
	io.Reader
	size int64
}

func (*reader) Close() error { return nil }
func (*reader) As(any) bool  { return false }
func (r *reader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{Size: r.size, ModTime: written}
}

func (b bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	if err := b.intercepted(ctx, "get", key); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.calls.Get++
	if err := b.stumble(); err != nil {
		return nil, err
	}
	data, ok := b.see(key)
	if !ok {
		return nil, errAbsent
	}
	size := int64(len(data))
	data = data[min(offset, size):]
	if length >= 0 {
		data = data[:min(length, int64(len(data)))]
	}
	return &reader{bytes.NewReader(b.carry(data)), size}, nil
}

type writer struct {
	bytes.Buffer
	ctx    context.Context
	store  *Store
	key    string
	absent bool
}

func (b bucket) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &writer{ctx: ctx, store: b.Store, key: key, absent: opts.IfNotExist}, nil
}

func (w *writer) Close() error {
	s := w.store
	if err := s.intercepted(w.ctx, "put", w.key); err != nil {
		return err
	}
	s.wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := w.ctx.Err(); err != nil {
		return err
	}
	s.calls.Put++
	if err := s.stumble(); err != nil {
		return err
	}
	if s.left == 0 {
		return ErrDenied
	}
	if s.left > 0 {
		s.left--
	}
	if _, ok := s.objects[w.key]; ok && w.absent && !s.rude {
		return s.refusal
	}
	s.objects[w.key] = w.Bytes()
	if s.lost > 0 {
		s.lost--
		return errCut
	}
	return nil
}

func (b bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, ok := b.objects[key]; !ok {
		return errAbsent
	}
	delete(b.objects, key)
	return nil
}

func (bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.ErrUnsupported
}

func (bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.ErrUnsupported
}
