package sinks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository"
)

// Versions looks up how an S3 bucket protects its objects, and purges versions of deleted ones.
type Versions struct {
	client *minio.Client
	bucket string
	prefix string // of the URL, with its slash; may be empty
}

// VersionsOf returns the Versions of the bucket that was opened from a URL, if it is in S3: other
// drivers do not report versions.
func VersionsOf(bucket *blob.Bucket, location string) (*Versions, bool) {
	v := &Versions{}
	u, err := url.Parse(location)
	if err != nil || u.Scheme != "s3" || !bucket.As(&v.client) {
		return nil, false
	}
	v.bucket = u.Host
	if v.prefix = strings.Trim(u.Path, "/"); v.prefix != "" {
		v.prefix += "/"
	}
	return v, true
}

// Versioning reports whether the bucket keeps deleted objects as versions.
func (v *Versions) Versioning(ctx context.Context) (bool, error) {
	config, err := v.client.GetBucketVersioning(ctx, v.bucket)
	return config.Enabled(), err
}

// ObjectLock reports whether objects can be locked, and the default retention of each, such as
// "GOVERNANCE 30 days", or nothing.
func (v *Versions) ObjectLock(ctx context.Context) (enabled bool, retention string, err error) {
	lock, mode, validity, unit, err := v.client.GetObjectLockConfig(ctx, v.bucket)
	if refusal, ok := errors.AsType[minio.ErrorResponse](err); ok && strings.HasPrefix(refusal.Code, "ObjectLockConfigurationNotFound") {
		return false, "", nil
	}
	if err != nil {
		return false, "", err
	}
	if mode != nil && validity != nil && unit != nil {
		retention = fmt.Sprintf("%s %d %s", *mode, *validity, strings.ToLower(string(*unit)))
	}
	return lock == "Enabled", retention, nil
}

// Purge deletes all versions of the objects below a prefix of the URL's, which must start with
// repository.ScratchDir. It returns how many remain, and the error of one of them.
func (v *Versions) Purge(ctx context.Context, prefix string) (left int, err error) {
	if !strings.HasPrefix(prefix, repository.ScratchDir) {
		return 0, fmt.Errorf("%s does not start with %s", prefix, repository.ScratchDir)
	}
	var found []minio.ObjectInfo
	options := minio.ListObjectsOptions{Prefix: v.prefix + prefix, Recursive: true, WithVersions: true}
	for o := range v.client.ListObjects(ctx, v.bucket, options) {
		if o.Err != nil {
			return 0, o.Err
		}
		found = append(found, o)
	}
	versions := make(chan minio.ObjectInfo, len(found))
	for _, o := range found {
		versions <- o
	}
	close(versions)
	for removed := range v.client.RemoveObjectsWithResult(ctx, v.bucket, versions, minio.RemoveObjectsOptions{}) {
		if removed.Err != nil {
			left, err = left+1, removed.Err
		}
	}
	return left, err
}
