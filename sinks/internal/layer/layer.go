// Package layer is a Go CDK driver on a bucket of Go CDK's own: objects are put whole and
// the way that the store checks, and errors get the codes that callers act on.
package layer

import (
	"context"
	"errors"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// Options say what is different from the bucket below. All are needed.
type Options struct {
	// Put stores an object of size bytes. Its options are Go CDK's.
	Put func(ctx context.Context, key string, body io.ReadSeeker, size int64, opts *blob.WriterOptions) error

	// Code classifies what the store's client says, or returns gcerrors.Unknown.
	Code func(error) gcerrors.ErrorCode

	// Close ends what the bucket below does not own.
	Close func()
}

// New returns a bucket on another one, which it closes with itself.
func New(below *blob.Bucket, opts Options) *blob.Bucket {
	return blob.NewBucket(&bucket{below, opts})
}

// A bucket implements driver.Bucket.
type bucket struct {
	below *blob.Bucket
	opts  Options
}

var _ driver.Bucket = (*bucket)(nil)

// bare takes off what Go CDK put around an error of the bucket below: it will do so again.
func bare(err error) error {
	if e, ok := err.(interface{ Unwrap() []error }); ok && len(e.Unwrap()) > 0 && e.Unwrap()[0] != nil {
		return e.Unwrap()[0]
	}
	return err
}

// guard makes a panic of the driver below an error: it takes for granted what a store's
// answers have, whoever gives them.
func guard(err *error) {
	if recover() != nil {
		*err = errAnswer
	}
}

var errAnswer = errors.New("what answers is not the store")

func (b *bucket) Close() error {
	err := b.below.Close()
	b.opts.Close()
	return err
}

func (b *bucket) As(to any) bool { return b.below.As(to) }

func (b *bucket) ErrorAs(err error, to any) bool { return b.below.ErrorAs(err, to) }

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	case errors.Is(err, errors.ErrUnsupported):
		return gcerrors.Unimplemented
	case errors.Is(err, errAnswer):
		return gcerrors.InvalidArgument
	}
	return b.opts.Code(err)
}

func (b *bucket) Attributes(ctx context.Context, key string) (_ *driver.Attributes, err error) {
	defer guard(&err)
	a, err := b.below.Attributes(ctx, key)
	if err != nil {
		return nil, bare(err)
	}
	return &driver.Attributes{
		CacheControl: a.CacheControl, ContentDisposition: a.ContentDisposition, ContentEncoding: a.ContentEncoding,
		ContentLanguage: a.ContentLanguage, ContentType: a.ContentType, Metadata: a.Metadata, CreateTime: a.CreateTime, ModTime: a.ModTime,
		Size: a.Size, MD5: a.MD5, ETag: a.ETag, AsFunc: a.As,
	}, nil
}

func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (_ *driver.ListPage, err error) {
	defer guard(&err)
	token, size := opts.PageToken, opts.PageSize
	if len(token) == 0 {
		token = blob.FirstPageToken
	}
	if size <= 0 {
		size = pageSize
	}
	objects, next, err := b.below.ListPage(ctx, token, size, &blob.ListOptions{
		Prefix: opts.Prefix, Delimiter: opts.Delimiter, BeforeList: opts.BeforeList,
	})
	if err != nil {
		return nil, bare(err)
	}
	page := &driver.ListPage{NextPageToken: next}
	for _, o := range objects {
		page.Objects = append(page.Objects, &driver.ListObject{
			Key: o.Key, ModTime: o.ModTime, Size: o.Size, MD5: o.MD5, IsDir: o.IsDir, AsFunc: o.As,
		})
	}
	return page, nil
}

// pageSize is how many objects all stores list at once.
const pageSize = 1000

func (b *bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (_ driver.Reader, err error) {
	defer guard(&err)
	r, err := b.below.NewRangeReader(ctx, key, offset, length, &blob.ReaderOptions{BeforeRead: opts.BeforeRead})
	if err != nil {
		return nil, bare(err)
	}
	return reader{r}, nil
}

// A reader implements driver.Reader.
type reader struct{ *blob.Reader }

func (r reader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{ContentType: r.ContentType(), ModTime: r.ModTime(), Size: r.Size()}
}

func (r reader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = bare(err)
	}
	return n, err
}

func (b *bucket) Copy(ctx context.Context, to, from string, opts *driver.CopyOptions) error {
	return bare(b.below.Copy(ctx, to, from, &blob.CopyOptions{BeforeCopy: opts.BeforeCopy}))
}

func (b *bucket) Delete(ctx context.Context, key string, _ *driver.DeleteOptions) error {
	return bare(b.below.Delete(ctx, key))
}

func (b *bucket) SignedURL(ctx context.Context, key string, opts *driver.SignedURLOptions) (string, error) {
	url, err := b.below.SignedURL(ctx, key, &blob.SignedURLOptions{
		Expiry: opts.Expiry, Method: opts.Method, ContentType: opts.ContentType,
		EnforceAbsentContentType: opts.EnforceAbsentContentType, BeforeSign: opts.BeforeSign,
	})
	return url, bare(err)
}
