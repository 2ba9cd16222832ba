// Package layer is a Go CDK driver on a bucket of one of Go CDK's own drivers. It stores each
// object with one request that the service checks, and its errors are those of package store.
package layer

import (
	"context"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

// Options are what differs from the bucket below. All are required.
type Options struct {
	// Put stores an object.
	Put func(ctx context.Context, key string, body io.ReadSeeker, opts *blob.WriterOptions) error

	// Describe classifies an error of the store's client.
	Describe func(error) *store.Error

	// Close releases what the bucket below does not own.
	Close func()
}

// New returns a bucket on the bucket below, which it closes when it is closed.
func New(below *blob.Bucket, opts Options) *blob.Bucket {
	return blob.NewBucket(&bucket{below, opts})
}

// A bucket implements driver.Bucket.
type bucket struct {
	below *blob.Bucket
	opts  Options
}

var _ driver.Bucket = (*bucket)(nil)

// classify makes the error of a driver's method a *store.Error. A panic is an error too: Go CDK's
// drivers expect fields in a response that another server than the store's leaves out.
func (b *bucket) classify(err *error) {
	if recover() != nil {
		*err = errNotStore
	}
	if *err != nil && *err != io.EOF {
		*err = b.opts.Describe(bare(*err))
	}
}

// bare returns an error of the bucket below as its driver gave it.
func bare(err error) error {
	if e, ok := err.(interface{ Unwrap() []error }); ok && len(e.Unwrap()) > 0 && e.Unwrap()[0] != nil {
		return e.Unwrap()[0]
	}
	return err
}

// Ignores returns the error of a store, such as an emulator, that accepts an option and ignores it.
func Ignores(option string) error {
	return &store.Error{Kind: store.Unsupported, Reason: "the store ignores " + option}
}

var errNotStore = &store.Error{Kind: store.Other, Reason: "what answers is not the store"}

func (b *bucket) Close() error {
	err := b.below.Close()
	b.opts.Close()
	return err
}

func (b *bucket) As(to any) bool { return b.below.As(to) }

func (b *bucket) ErrorAs(err error, to any) bool { return b.below.ErrorAs(err, to) }

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode { return store.Describe(err).Code() }

func (b *bucket) Attributes(ctx context.Context, key string) (_ *driver.Attributes, err error) {
	defer b.classify(&err)
	a, err := b.below.Attributes(ctx, key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{
		CacheControl: a.CacheControl, ContentDisposition: a.ContentDisposition, ContentEncoding: a.ContentEncoding,
		ContentLanguage: a.ContentLanguage, ContentType: a.ContentType, Metadata: a.Metadata, CreateTime: a.CreateTime, ModTime: a.ModTime,
		Size: a.Size, MD5: a.MD5, ETag: a.ETag, AsFunc: a.As,
	}, nil
}

func (b *bucket) ListPaged(ctx context.Context, opts *driver.ListOptions) (_ *driver.ListPage, err error) {
	defer b.classify(&err)
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
		return nil, err
	}
	page := &driver.ListPage{NextPageToken: next}
	for _, o := range objects {
		page.Objects = append(page.Objects, &driver.ListObject{
			Key: o.Key, ModTime: o.ModTime, Size: o.Size, MD5: o.MD5, IsDir: o.IsDir, AsFunc: o.As,
		})
	}
	return page, nil
}

// pageSize is the number of objects that each store lists with one request.
const pageSize = 1000

func (b *bucket) NewRangeReader(ctx context.Context, key string, offset, length int64, opts *driver.ReaderOptions) (_ driver.Reader, err error) {
	defer b.classify(&err)
	r, err := b.below.NewRangeReader(ctx, key, offset, length, &blob.ReaderOptions{BeforeRead: opts.BeforeRead})
	if err != nil {
		return nil, err
	}
	return reader{r, b}, nil
}

// A reader implements driver.Reader.
type reader struct {
	*blob.Reader
	bucket *bucket
}

func (r reader) Attributes() *driver.ReaderAttributes {
	return &driver.ReaderAttributes{ContentType: r.ContentType(), ModTime: r.ModTime(), Size: r.Size()}
}

func (r reader) Read(p []byte) (n int, err error) {
	defer r.bucket.classify(&err)
	return r.Reader.Read(p)
}

func (b *bucket) Copy(ctx context.Context, to, from string, opts *driver.CopyOptions) (err error) {
	defer b.classify(&err)
	return b.below.Copy(ctx, to, from, &blob.CopyOptions{BeforeCopy: opts.BeforeCopy})
}

func (b *bucket) Delete(ctx context.Context, key string, _ *driver.DeleteOptions) (err error) {
	defer b.classify(&err)
	return b.below.Delete(ctx, key)
}

func (b *bucket) SignedURL(ctx context.Context, key string, opts *driver.SignedURLOptions) (_ string, err error) {
	defer b.classify(&err)
	return b.below.SignedURL(ctx, key, &blob.SignedURLOptions{
		Expiry: opts.Expiry, Method: opts.Method, ContentType: opts.ContentType,
		EnforceAbsentContentType: opts.EnforceAbsentContentType, BeforeSign: opts.BeforeSign,
	})
}
