package cli

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/sinks/sinktest"
)

// cleanTime is how long doctor has to delete what it wrote, also when it is interrupted.
const cleanTime = 2 * time.Minute

// A patient is a store that is examined.
type patient struct {
	url      string // of the repository, without locks
	locks    bool   // objects of an export are to be locked
	thorough bool
	bucket   *blob.Bucket // of the repository
	scratch  string       // prefix below it
	env      *sinktest.Env
	clock    sinks.Clock
	protects sinks.Protection
}

func (a *app) examineStore(ctx context.Context, x *examination, f doctorFlags) error {
	if strings.HasPrefix(f.repo, "mem:") {
		return usagef("what lies in memory ends with the command: there is nothing to check")
	}
	p := &patient{thorough: f.thorough}
	p.url, p.locks = withoutLocks(f.repo)
	end, err := p.open(ctx, f.repo)
	if err != nil {
		return configError(err)
	}
	defer end()
	a.begin(x, "store", "store "+place(f.repo), f.json)
	watched := p.clock.Watch(ctx)
	x.check(ctx, "reach", nil, func() result { return p.reach(watched) })
	x.check(ctx, "clock", nil, func() result { return clockResult(&p.clock) })
	reached := []string{"reach"}
	x.check(ctx, "repository", reached, func() result { return p.repository(ctx) })
	x.check(ctx, "protection", reached, func() result { return p.protection(ctx) })
	for _, c := range sinktest.Checks() {
		needs := append([]string{"reach"}, c.Needs...)
		if isBulky(c) {
			needs = append(needs, "repository") // what holds something else is not filled up
		}
		x.check(ctx, c.Name, needs, func() result { return p.run(ctx, x, c) })
	}
	x.check(context.WithoutCancel(ctx), "clean up", reached, func() result { return p.clean(ctx) })
	return nil
}

// place is a repository's URL without its parameters.
func place(repo string) string {
	if strings.Contains(repo, "://") {
		repo, _, _ = strings.Cut(repo, "?")
	}
	return repo
}

// withoutLocks returns a URL without the parameters that lock what is written, and whether
// there were any: what doctor writes is to be deleted.
func withoutLocks(repo string) (string, bool) {
	u, err := url.Parse(repo)
	if err != nil || !strings.Contains(repo, "://") {
		return repo, false
	}
	q := u.Query()
	locks := false
	for _, name := range []string{"lock_mode", "lock_days", "legal_hold"} {
		locks = locks || q.Has(name)
		q.Del(name)
	}
	if !locks {
		return repo, false
	}
	u.RawQuery = q.Encode()
	return u.String(), true
}

// open opens the place, and the scratch place in it three times. The URL as it was given
// is opened, too: what is wrong with its locks is told.
func (p *patient) open(ctx context.Context, given string) (end func(), err error) {
	var id [6]byte
	_, _ = rand.Read(id[:]) // it never fails
	p.scratch = repository.ScratchDir + hex.EncodeToString(id[:]) + "/"
	var opened []*blob.Bucket
	end = func() {
		for _, b := range opened {
			_ = b.Close() // nothing is left to be written
		}
	}
	for i, location := range []string{given, p.url, p.url, p.url, p.url} {
		b, err := sinks.Open(ctx, location)
		if err != nil {
			end()
			return nil, err
		}
		if i >= 2 {
			b = blob.PrefixedBucket(b, p.scratch)
		}
		opened = append(opened, b)
	}
	p.bucket, p.env = opened[1], sinktest.NewEnv(opened[2], opened[3:]...)
	return end, nil
}

// reach makes sure that the store answers, knows the credentials, and is one: a web
// server has something to say to all that it is asked for.
func (p *patient) reach(ctx context.Context) result {
	_, err := p.bucket.List(&blob.ListOptions{Prefix: p.scratch}).Next(ctx)
	if err != nil && err != io.EOF && !repository.IsDenied(err) {
		return wrong(repository.Wrap("list", "", err), "")
	}
	_, err = p.bucket.ReadAll(ctx, p.scratch+"absent")
	switch {
	case err == nil:
		return wrong(repository.ErrNoStore, "")
	case !repository.IsNotFound(err) && !repository.IsDenied(err):
		return wrong(repository.Wrap("read", p.scratch+"absent", err), "")
	}
	return fine("the store answers, and knows the credentials")
}

func (p *patient) repository(ctx context.Context) result {
	info, err := repository.Inspect(ctx, p.bucket)
	switch {
	case errors.Is(err, repository.ErrNoRepository):
		return fine("none yet: an export creates it")
	case err != nil:
		return wrong(err, "")
	}
	return fine("format %d, %s, created %s", info.Format, info.ID, info.Created.Format(time.RFC3339))
}

// protection tells what the bucket does by itself. To know that is no need of an export.
func (p *patient) protection(ctx context.Context) result {
	var err error
	p.protects, err = sinks.ProtectionOf(ctx, p.bucket, p.url)
	switch {
	case errors.Is(err, sinks.ErrNotTold):
		return skipped("%v", err)
	case err != nil:
		return skipped("the credentials may not ask for it: %v", err)
	case p.locks && !p.protects.ObjectLock:
		return result{statusFailed, "objects are to be locked, and the bucket has no Object Lock", "create a bucket with Object Lock, or leave lock_mode, lock_days and legal_hold out of --repo"}
	}
	seen := "no versions"
	if p.protects.Versioned {
		seen = "versions are kept"
	}
	switch {
	case p.protects.Retention != "":
		return noted(seen+", and Object Lock keeps each object: "+p.protects.Retention, "an export works with that; what doctor writes stays as long, which is little without --thorough")
	case p.protects.ObjectLock:
		return fine("%s, and objects can be locked; by default they are not", seen)
	}
	return fine("%s, no Object Lock", seen)
}

func isBulky(c sinktest.Check) bool { return c.Bulk > 0 || c.Objects > 0 }

// run runs a check of the suite.
func (p *patient) run(ctx context.Context, x *examination, c sinktest.Check) result {
	if isBulky(c) && !p.thorough && p.keeps(x) {
		return skipped("what it writes could not be deleted; --thorough runs it all the same")
	}
	err := c.Run(ctx, p.env)
	switch {
	case err == nil:
		return fine("%s", c.What)
	case c.Optional && gcerrors.Code(err) == gcerrors.PermissionDenied:
		return noted(err.Error(), "an export deletes nothing: this is in order, and what doctor writes stays")
	}
	return wrong(err, c.Remedy)
}

// keeps reports whether what is written cannot be deleted for good.
func (p *patient) keeps(x *examination) bool {
	deletes := func(f finding) bool { return f.Check == sinktest.Delete && f.Status == statusOK }
	return p.protects.Retention != "" || !slices.ContainsFunc(x.findings, deletes)
}

// clean deletes what the suite wrote, and the versions of that.
func (p *patient) clean(ctx context.Context) result {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), cleanTime)
	defer stop()
	left, err := p.env.Clean(ctx)
	if left == 0 && p.protects.Versioned {
		left, err = sinks.PurgeScratch(ctx, p.bucket, p.url, p.scratch)
	}
	switch {
	case left == 0 && err == nil:
		return fine("nothing is left")
	case left == 0:
		return noted(fmt.Sprintf("versions of what was deleted may stay below %s: %v", p.scratch, err), "")
	}
	return noted(fmt.Sprintf("%d objects or versions stay below %s: %v", left, p.scratch, err),
		"they do no harm, and a new repository can be created beside them; delete them when that is allowed")
}
