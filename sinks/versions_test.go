package sinks_test

import (
	"testing"

	"github.com/minio/minio-go/v7"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
)

// TestVersions looks up buckets with and without Object Lock.
func TestVersions(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	locked := server.LockBucket(t)
	mode, days, unit := minio.Governance, uint(30), minio.Days
	if err := server.Client.SetBucketObjectLockConfig(t.Context(), locked, &mode, &days, &unit); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		bucket          string
		versioned, lock bool
		retention       string
	}{
		"plain":       {bucket: server.Bucket(t)},
		"object lock": {bucket: server.LockBucket(t), versioned: true, lock: true},
		"retention":   {bucket: locked, versioned: true, lock: true, retention: "GOVERNANCE 30 days"},
	} {
		t.Run(name, func(t *testing.T) {
			url := server.URL(test.bucket, "mail")
			v, ok := sinks.VersionsOf(open(t, url), url)
			if !ok {
				t.Fatal("no versions of a bucket in S3")
			}
			if versioned, err := v.Versioning(t.Context()); err != nil || versioned != test.versioned {
				t.Errorf("versioned: %t, %v", versioned, err)
			}
			lock, retention, err := v.ObjectLock(t.Context())
			if err != nil || lock != test.lock || retention != test.retention {
				t.Errorf("lock: %t, %q, %v", lock, retention, err)
			}
		})
	}
}

// TestPurge expects that versions are deleted below the prefix alone, and that the prefix cannot
// be one of a repository.
func TestPurge(t *testing.T) {
	server := servers.MinIO(t)
	server.Setenv(t)
	name := server.LockBucket(t)
	url := server.URL(name, "mail")
	bucket := open(t, url)
	const scratch = repository.ScratchDir + "0123/"
	for _, key := range []string{scratch + "a", scratch + "b/c", "kept"} {
		for range 2 {
			if err := bucket.WriteAll(t.Context(), key, []byte(key), nil); err != nil {
				t.Fatal(err)
			}
			if err := bucket.Delete(t.Context(), key); err != nil {
				t.Fatal(err)
			}
		}
	}
	v, _ := sinks.VersionsOf(bucket, url)
	if _, err := v.Purge(t.Context(), "kept"); err == nil {
		t.Error("a prefix of a repository can be purged")
	}
	if left, err := v.Purge(t.Context(), scratch); left != 0 || err != nil {
		t.Errorf("%d versions remain, %v", left, err)
	}
	versions := 0
	for o := range server.Client.ListObjects(t.Context(), name, minio.ListObjectsOptions{Recursive: true, WithVersions: true}) {
		if o.Err != nil || o.Key != "mail/kept" {
			t.Errorf("%s: %v", o.Key, o.Err)
		}
		versions++
	}
	if versions != 4 { // two versions and two delete markers
		t.Errorf("%d versions of the other object remain", versions)
	}
}

// TestNoVersions expects that only S3 has versions.
func TestNoVersions(t *testing.T) {
	for _, url := range []string{t.TempDir(), "mem://"} {
		if _, ok := sinks.VersionsOf(open(t, url), url); ok {
			t.Errorf("%s has versions", url)
		}
	}
}
