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

// ErrNotTold is in the error of what a driver does not tell of its store.
var ErrNotTold = errors.New("the store does not tell")

// Protection is what a bucket does by itself to keep what is written.
type Protection struct {
	Versioned  bool   `json:"versioned"`  // what is deleted stays as a version
	ObjectLock bool   `json:"objectLock"` // objects can be locked
	Retention  string `json:"retention"`  // the default, such as "GOVERNANCE 30 days"; or none
}

// ProtectionOf asks for that of the bucket that a URL names. What the credentials may not
// ask for is an error, and ErrNotTold what no driver tells: all but S3's.
func ProtectionOf(ctx context.Context, bucket *blob.Bucket, location string) (p Protection, err error) {
	client, name, _, err := s3Of(bucket, location)
	if err != nil {
		return p, err
	}
	versions, err := client.GetBucketVersioning(ctx, name)
	if err != nil {
		return p, repository.Wrap("ask for versioning", "", err)
	}
	p.Versioned = versions.Enabled()
	lock, mode, validity, unit, err := client.GetObjectLockConfig(ctx, name)
	var none minio.ErrorResponse
	if errors.As(err, &none) && strings.HasPrefix(none.Code, "ObjectLockConfigurationNotFound") {
		return p, nil
	}
	if err != nil {
		return p, repository.Wrap("ask for Object Lock", "", err)
	}
	p.ObjectLock = lock == "Enabled"
	if mode != nil && validity != nil && unit != nil {
		p.Retention = fmt.Sprintf("%s %d %s", *mode, *validity, strings.ToLower(string(*unit)))
	}
	return p, nil
}

// s3Of returns the client of a bucket in S3, with its name and the prefix in it.
func s3Of(bucket *blob.Bucket, location string) (client *minio.Client, name, prefix string, err error) {
	u, err := url.Parse(location)
	if err != nil || !bucket.As(&client) {
		return nil, "", "", ErrNotTold
	}
	if prefix = strings.Trim(u.Path, "/"); prefix != "" {
		prefix += "/"
	}
	return client, u.Host, prefix, nil
}

// PurgeScratch removes the versions that deleted scratch objects left, where the bucket
// that a URL names keeps versions and its driver tells of them: S3's. It returns how many
// stay, and why one of them does.
func PurgeScratch(ctx context.Context, bucket *blob.Bucket, location, scratch string) (left int, err error) {
	client, name, prefix, err := s3Of(bucket, location)
	if err != nil || !strings.HasPrefix(scratch, repository.ScratchDir) {
		return 0, err
	}
	var found []minio.ObjectInfo
	for o := range client.ListObjects(ctx, name, minio.ListObjectsOptions{Prefix: prefix + scratch, Recursive: true, WithVersions: true}) {
		if o.Err != nil {
			return 0, repository.Wrap("list versions below", scratch, o.Err)
		}
		found = append(found, o)
	}
	versions := make(chan minio.ObjectInfo, len(found))
	for _, o := range found {
		versions <- o
	}
	close(versions)
	for removed := range client.RemoveObjectsWithResult(ctx, name, versions, minio.RemoveObjectsOptions{}) {
		if removed.Err != nil {
			left, err = left+1, removed.Err
		}
	}
	if err != nil {
		err = repository.Wrap("delete versions below", scratch, err)
	}
	return left, err
}
