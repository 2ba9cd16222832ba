package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository"
)

// cleanTimeout bounds how long Store deletes what it wrote, also after its context ends.
const cleanTimeout = 2 * time.Minute

const (
	checkReach      = "reach"
	checkRepository = "repository"
)

// StoreOptions say how Store checks a store. Their zero value suits any bucket.
type StoreOptions struct {
	// Others show the same objects as the bucket over clients of their own, as programs do that
	// share a store. Without them, concurrent requests go through the one bucket.
	Others []*blob.Bucket

	// Versions is what the store's own client knows of the bucket. Without it the protection of the
	// bucket is not checked, and versions of deleted objects remain.
	Versions Versions

	// Locks says that an export locks its objects, so the bucket needs Object Lock. The buckets given
	// to Store must not lock theirs.
	Locks bool

	// Thorough also writes much (1,100 objects and 32 MiB) where it cannot be deleted.
	Thorough bool

	// Remedy returns what to do about an error of the store, or nothing. The default knows the
	// errors of package sinks.
	Remedy func(error) string
}

// Versions looks up how a bucket protects its objects. Package sinks has an implementation for S3.
type Versions interface {
	// Versioning reports whether the bucket keeps deleted objects as versions.
	Versioning(ctx context.Context) (bool, error)

	// ObjectLock reports whether objects can be locked, and by default are: the retention is empty,
	// or a mode and a period such as "GOVERNANCE 30 days".
	ObjectLock(ctx context.Context) (enabled bool, retention string, err error)

	// Purge deletes all versions of the objects below a prefix of the bucket's. It returns how many
	// remain, and the error of one of them.
	Purge(ctx context.Context, prefix string) (left int, err error)
}

// storeChecks are the checks of a store.
type storeChecks struct {
	*examination
	opts      StoreOptions
	bucket    *blob.Bucket
	scratch   *scratch
	clock     clock
	versioned bool
	retention string // of each object, by default
}

// Store checks whether the store of a bucket has what a repository needs. It writes at most 1,200
// objects and 50 MiB below a new prefix that no repository uses, and deletes them at the end, even
// if the context or the loop over the results ends earlier. The buckets remain the caller's.
func Store(ctx context.Context, bucket *blob.Bucket, opts StoreOptions) iter.Seq[Result] {
	return func(yield func(Result) bool) {
		s := &storeChecks{
			examination: newExamination("store", opts.Remedy, storeRemedy), opts: opts, bucket: bucket,
			scratch: newScratch(append([]*blob.Bucket{bucket}, opts.Others...)),
		}
		more := true
		for _, c := range s.checks() {
			if more = yield(s.run(ctx, c)); !more {
				break
			}
		}
		cleaned := s.run(context.WithoutCancel(ctx), check{"clean up", "nothing remains of these checks", []string{checkReach}, s.clean})
		if more {
			yield(cleaned)
		}
	}
}

func (s *storeChecks) checks() []check {
	reached := []string{checkReach}
	checks := []check{
		{checkReach, "the store answers, and knows the credentials", nil, s.reach},
		{"clock", "this machine's clock is right", nil, func(context.Context) outcome { return s.clock.judge() }},
		{checkRepository, "there is a repository, or room for one", reached, s.repository},
		{"protection", "the bucket protects its objects as the export expects", reached, s.protection},
	}
	for _, c := range s.scratch.conformance() {
		checks = append(checks, s.conformance(c))
	}
	return checks
}

// reach checks that the store answers and accepts the credentials. An object that cannot exist is
// read too: a web server in place of a store answers any request with a page.
func (s *storeChecks) reach(ctx context.Context) outcome {
	ctx = s.clock.watch(ctx)
	_, err := s.bucket.List(&blob.ListOptions{Prefix: s.scratch.prefix}).Next(ctx)
	if err != nil && err != io.EOF && !isDenied(err) {
		return s.failed(storeError("list", "", err), "")
	}
	absent := s.scratch.prefix + "absent"
	_, err = s.bucket.ReadAll(ctx, absent)
	switch {
	case err == nil:
		return s.failed(repository.ErrNoStore, "")
	case !isNotFound(err) && !isDenied(err):
		return s.failed(storeError("read", absent, err), "")
	}
	return passed("the store answers, and knows the credentials")
}

func (s *storeChecks) repository(ctx context.Context) outcome {
	info, err := repository.Inspect(ctx, s.bucket)
	switch {
	case errors.Is(err, repository.ErrNoRepository):
		return passed("none yet: an export creates it")
	case err != nil:
		return s.failed(err, "")
	}
	return passed("format %d, %s, created %s", info.Format, info.ID, info.Created.Format(time.RFC3339))
}

// protection reports how the bucket protects its objects. An export needs to know that only if it
// locks them.
func (s *storeChecks) protection(ctx context.Context) outcome {
	if s.opts.Versions == nil {
		return skipped("the store does not report versions and locks")
	}
	versioned, err := s.opts.Versions.Versioning(ctx)
	if err != nil {
		return skipped("the credentials may not read the configuration of the bucket: %v", storeError("get versioning", "", err))
	}
	s.versioned = versioned
	lock, retention, err := s.opts.Versions.ObjectLock(ctx)
	if err != nil {
		return skipped("the credentials may not read the configuration of the bucket: %v", storeError("get Object Lock", "", err))
	}
	s.retention = retention
	if s.opts.Locks && !lock {
		return outcome{Failed, "the export is to lock objects, and the bucket has no Object Lock",
			"create a bucket with Object Lock, or leave out lock_mode, lock_days and legal_hold"}
	}
	seen := "no versions"
	if versioned {
		seen = "versions are kept"
	}
	switch {
	case retention != "":
		return noted(seen+", and Object Lock keeps each object: "+retention,
			"an export works with it; it also retains the few objects of these checks")
	case lock:
		return passed("%s, and objects can be locked; by default they are not", seen)
	}
	return passed("%s, no Object Lock", seen)
}

// clean deletes what the checks wrote, and its versions.
func (s *storeChecks) clean(ctx context.Context) outcome {
	ctx, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	left, err := s.scratch.clean(ctx)
	if left == 0 && s.versioned {
		left, err = s.opts.Versions.Purge(ctx, s.scratch.prefix)
		err = storeError("delete versions below", s.scratch.prefix, err)
	}
	switch {
	case left == 0 && err == nil:
		return passed("nothing remains")
	case left == 0:
		return noted(fmt.Sprintf("versions of deleted objects may remain below %s: %v", s.scratch.prefix, err), "")
	}
	return noted(fmt.Sprintf("%d objects or versions remain below %s: %v", left, s.scratch.prefix, err),
		"they do no harm, and a new repository can be created beside them; delete them when that is allowed")
}
