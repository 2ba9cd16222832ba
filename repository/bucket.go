package repository

import (
	"bytes"
	"context"
	"io"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository/store"
)

// A bucket makes the calls that a repository needs, and retries them. Methods whose name ends in
// Once make one attempt, and return the error as the bucket's driver gave it.
type bucket struct {
	below *blob.Bucket
	retrier
}

// read returns a whole object of at most limit bytes.
func (b *bucket) read(ctx context.Context, key string, limit int64) (data []byte, err error) {
	err = b.do(ctx, "read", key, func() error {
		data, err = b.readOnce(ctx, key, limit)
		return err
	})
	return data, err
}

func (b *bucket) readOnce(ctx context.Context, key string, limit int64) ([]byte, error) {
	body, err := b.below.NewReader(ctx, key, nil)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	if body.Size() > limit {
		return nil, corrupt(key, "%d bytes, more than %d", body.Size(), limit)
	}
	data, err := readBody(body, limit)
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > limit:
		return nil, corrupt(key, "more than %d bytes", limit)
	}
	return data, nil
}

// readBody reads an object to its end. If the store does not report the object's size, readBody
// reads at most one byte more than limit.
func readBody(body *blob.Reader, limit int64) ([]byte, error) {
	if body.Size() < 0 {
		return io.ReadAll(io.LimitReader(body, limit+1))
	}
	data := make([]byte, body.Size())
	_, err := io.ReadFull(body, data)
	return data, err
}

// readChecked returns an object whose bytes must have the digest. It reads a damaged object twice,
// because the bytes may have changed on their way.
func (b *bucket) readChecked(ctx context.Context, key string, d manifest.Digest, limit int64) ([]byte, error) {
	data, err := b.readSum(ctx, key, d, limit)
	if isOf[*CorruptError](err) && !store.Is(err, store.Irregular) {
		b.note("read", key, err)
		data, err = b.readSum(ctx, key, d, limit)
	}
	return data, err
}

func (b *bucket) readSum(ctx context.Context, key string, d manifest.Digest, limit int64) ([]byte, error) {
	data, err := b.read(ctx, key, limit)
	if err != nil {
		return nil, err
	}
	if got := manifest.SumOf(data); got != d {
		return nil, corrupt(key, "its bytes have the digest %s", got)
	}
	return data, nil
}

// readRange fills dst with the bytes of an object at an offset.
func (b *bucket) readRange(ctx context.Context, key string, dst []byte, offset int64) (n int, err error) {
	err = b.do(ctx, "read", key, func() error {
		body, err := b.below.NewRangeReader(ctx, key, offset, int64(len(dst)), nil)
		if err != nil {
			return err
		}
		defer body.Close()
		n, err = io.ReadFull(body, dst)
		return err
	})
	return n, err
}

// size returns the number of bytes of an object.
func (b *bucket) size(ctx context.Context, key string) (n int64, err error) {
	err = b.do(ctx, "look at", key, func() error {
		n, err = b.sizeOnce(ctx, key)
		return err
	})
	return n, err
}

func (b *bucket) sizeOnce(ctx context.Context, key string) (int64, error) {
	attrs, err := b.below.Attributes(ctx, key)
	switch {
	case err != nil:
		return -1, err
	case attrs.Size < 0:
		return -1, errNoSize
	}
	return attrs.Size, nil
}

// errNoSize is permanent: something between here and the store drops the size.
var errNoSize = &store.Error{
	Kind:   store.Other,
	Reason: "its size is unknown: a proxy between here and the store may drop it",
}

// put stores an object if its key has none, and reports whether it repeated the attempt.
//
// It calls settle when it cannot know by itself whether the object exists: with nil before it
// repeats an attempt whose outcome is unknown, and with the store's error if that says that an
// object exists. If settle returns nil, the object exists and put is done. A nil settle makes put
// return the store's error.
func (b *bucket) put(ctx context.Context, key string, data []byte, d manifest.Digest, settle func(exists error) error) (repeated bool, err error) {
	isUnknown := false
	err = b.do(ctx, "write", key, func() error {
		if isUnknown && settle != nil && settle(nil) == nil {
			return nil
		}
		err := b.putOnce(ctx, key, data, d)
		if store.Is(err, store.Exists) && settle != nil {
			return settle(err)
		}
		repeated = repeated || isRetryable(err)
		isUnknown = store.Is(err, store.Unavailable)
		return err
	})
	return repeated, err
}

// putOnce passes the digest on to the store, if the driver can do that.
func (b *bucket) putOnce(ctx context.Context, key string, data []byte, d manifest.Digest) error {
	return b.below.Upload(ctx, key, bytes.NewReader(data), &blob.WriterOptions{
		IfNotExist: true, ContentType: "application/octet-stream",
		BeforeWrite: func(as func(any) bool) error {
			var upload *store.Upload
			if as(&upload) {
				upload.SHA256 = d
			}
			return nil
		},
	})
}

// The bounds of one page of a list. Stores list a thousand objects a page, with some hundred bytes
// each.
const (
	maxPageRequests = 1000
	maxPageBytes    = 8 << 20
)

// next returns the next object of a list, and io.EOF after the last one.
func (b *bucket) next(ctx context.Context, it *blob.ListIterator) (o *blob.ListObject, err error) {
	isEnd := false
	err = b.do(ctx, "list", "", func() error {
		bound := &store.Bound{Requests: maxPageRequests, Bytes: maxPageBytes}
		o, err = it.Next(store.WithBound(ctx, bound))
		if isEnd = err == io.EOF; isEnd {
			return nil
		}
		return err
	})
	if isEnd {
		return nil, io.EOF
	}
	return o, err
}
