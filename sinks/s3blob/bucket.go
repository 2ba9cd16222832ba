package s3blob

import (
	"context"
	"errors"
	"net/http"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// OpenBucket returns a bucket of a client. It sends nothing.
func OpenBucket(client *minio.Client, name string) *blob.Bucket {
	return blob.NewBucket(&bucket{client: client, core: minio.Core{Client: client}, name: name})
}

// A bucket implements driver.Bucket.
type bucket struct {
	client *minio.Client
	core   minio.Core
	name   string
}

var _ driver.Bucket = (*bucket)(nil)

func (b *bucket) Close() error {
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

func (b *bucket) ErrorAs(err error, to any) bool {
	p, ok := to.(*minio.ErrorResponse)
	return ok && errors.As(err, p)
}

var codes = map[string]gcerrors.ErrorCode{
	"NoSuchKey": gcerrors.NotFound, "NoSuchBucket": gcerrors.NotFound, "NoSuchVersion": gcerrors.NotFound, "NotFound": gcerrors.NotFound,
	"PreconditionFailed": gcerrors.FailedPrecondition, "ConditionalRequestConflict": gcerrors.FailedPrecondition,
	"AccessDenied": gcerrors.PermissionDenied, "InvalidAccessKeyId": gcerrors.PermissionDenied, "SignatureDoesNotMatch": gcerrors.PermissionDenied,
	"ExpiredToken": gcerrors.PermissionDenied, "InvalidToken": gcerrors.PermissionDenied, "AllAccessDisabled": gcerrors.PermissionDenied,
	"AccountProblem": gcerrors.PermissionDenied, "RequestTimeTooSkewed": gcerrors.PermissionDenied, "ObjectLocked": gcerrors.PermissionDenied,
	"SlowDown": gcerrors.ResourceExhausted, "SlowDownRead": gcerrors.ResourceExhausted, "SlowDownWrite": gcerrors.ResourceExhausted,
	"ServiceUnavailable": gcerrors.ResourceExhausted, "XMinioStorageFull": gcerrors.ResourceExhausted, "QuotaExceeded": gcerrors.ResourceExhausted,
	"InvalidArgument": gcerrors.InvalidArgument, "InvalidBucketName": gcerrors.InvalidArgument, "KeyTooLongError": gcerrors.InvalidArgument,
	"InvalidRequest": gcerrors.InvalidArgument, "AuthorizationHeaderMalformed": gcerrors.InvalidArgument, "XMinioInvalidObjectName": gcerrors.InvalidArgument,
	"NotImplemented": gcerrors.Unimplemented, "InternalError": gcerrors.Internal, "RequestTimeout": gcerrors.DeadlineExceeded,
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	var s3 minio.ErrorResponse
	switch {
	case errors.Is(err, context.Canceled):
		return gcerrors.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return gcerrors.DeadlineExceeded
	case errors.Is(err, errors.ErrUnsupported):
		return gcerrors.Unimplemented
	case !errors.As(err, &s3):
		return gcerrors.Unknown
	}
	if code, ok := codes[s3.Code]; ok {
		return code
	}
	switch {
	case s3.StatusCode == http.StatusNotFound:
		return gcerrors.NotFound
	case s3.StatusCode == http.StatusForbidden, s3.StatusCode == http.StatusUnauthorized:
		return gcerrors.PermissionDenied
	case s3.StatusCode == http.StatusPreconditionFailed, s3.StatusCode == http.StatusConflict:
		return gcerrors.FailedPrecondition
	case s3.StatusCode == http.StatusTooManyRequests, s3.StatusCode == http.StatusServiceUnavailable:
		return gcerrors.ResourceExhausted
	case s3.StatusCode >= http.StatusInternalServerError:
		return gcerrors.Internal
	}
	return gcerrors.Unknown
}

// Delete removes an object that is there.
func (b *bucket) Delete(ctx context.Context, key string, opts *driver.DeleteOptions) error {
	key = escapeKey(key)
	if _, err := b.client.StatObject(ctx, b.name, key, minio.StatObjectOptions{}); err != nil {
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
func (b *bucket) Copy(ctx context.Context, to, from string, opts *driver.CopyOptions) error {
	dst := &minio.CopyDestOptions{Bucket: b.name, Object: escapeKey(to)}
	if opts != nil && opts.BeforeCopy != nil {
		if err := opts.BeforeCopy(func(to any) bool { return assign(to, dst) }); err != nil {
			return err
		}
	}
	_, err := b.client.CopyObject(ctx, *dst, minio.CopySrcOptions{Bucket: b.name, Object: escapeKey(from)})
	return err
}
