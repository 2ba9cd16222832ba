package s3blob

import (
	"context"
	"sync/atomic"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
)

// OpenBucket returns a bucket of a client, whose objects are written with the options.
// It sends nothing.
func OpenBucket(client *minio.Client, name string, opts *Options) *blob.Bucket {
	if opts == nil {
		opts = &Options{}
	}
	return blob.NewBucket(newBucket(client, name, *opts, func() {}))
}

func newBucket(client *minio.Client, name string, opts Options, closed func()) *bucket {
	return &bucket{client: client, core: minio.Core{Client: client}, name: name, opts: opts, closed: closed, maxPut: maxPut}
}

// A bucket implements driver.Bucket.
type bucket struct {
	client *minio.Client
	core   minio.Core
	name   string
	opts   Options
	closed func() // releases what the client does not own

	checked atomic.Bool // the store keeps the options
	maxPut  int         // at least 5 MiB, the smallest part that S3 allows
}

var _ driver.Bucket = (*bucket)(nil)

func (b *bucket) Close() error {
	b.closed()
	return nil
}

func (b *bucket) As(to any) bool { return assign(to, b.client) }

// assign sets what to points to, if it points to a T.
func assign[T any](to any, v T) bool {
	p, ok := to.(*T)
	if ok {
		*p = v
	}
	return ok
}

// Delete removes an object, which must exist.
func (b *bucket) Delete(ctx context.Context, key string, opts *driver.DeleteOptions) (err error) {
	defer classify(&err)
	key = escapeKey(key)
	if _, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{ServerSideEncryption: b.opts.read()}); err != nil {
		return err
	}
	remove := &minio.RemoveObjectOptions{}
	if opts != nil && opts.BeforeDelete != nil {
		if err := opts.BeforeDelete(func(to any) bool { return assign(to, remove) }); err != nil {
			return err
		}
	}
	return b.client.RemoveObject(ctx, b.name, key, *remove)
}

// Copy copies an object within the bucket.
func (b *bucket) Copy(ctx context.Context, to, from string, opts *driver.CopyOptions) (err error) {
	defer classify(&err)
	put := b.opts.put()
	dst := &minio.CopyDestOptions{
		Bucket: b.name, Object: escapeKey(to), Encryption: put.ServerSideEncryption, UserTags: put.UserTags, ReplaceTags: len(put.UserTags) > 0,
		Mode: put.Mode, RetainUntilDate: put.RetainUntilDate, LegalHold: put.LegalHold,
	}
	if opts != nil && opts.BeforeCopy != nil {
		if err := opts.BeforeCopy(func(to any) bool { return assign(to, dst) }); err != nil {
			return err
		}
	}
	_, err = b.client.CopyObject(ctx, *dst, minio.CopySrcOptions{Bucket: b.name, Object: escapeKey(from), Encryption: b.opts.read()})
	return err
}
