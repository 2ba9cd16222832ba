package sinktest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/repository"
)

// parallel is how many requests are in flight at once where there are many.
const parallel = 16

// An Env is a scratch place in a store, which nobody else uses. Checks leave objects
// there.
type Env struct {
	buckets []*blob.Bucket

	mu   sync.Mutex
	keys map[string]bool // what may be there
}

// NewEnv returns an empty place. The buckets, at least one, show the same place, and each
// is best opened by itself, as the programs are that meet in a store. They remain the
// caller's.
func NewEnv(bucket *blob.Bucket, more ...*blob.Bucket) *Env {
	return &Env{buckets: append([]*blob.Bucket{bucket}, more...), keys: map[string]bool{}}
}

// Clean deletes what the checks wrote. It returns how many objects it could not delete,
// and why not for one of them.
func (e *Env) Clean(ctx context.Context) (left int, err error) {
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(parallel)
	for _, key := range e.written() {
		g.Go(func() error {
			failed := e.delete(ctx, key)
			if failed == nil || repository.IsNotFound(failed) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			left++
			err = failed
			return nil
		})
	}
	_ = g.Wait() // they return nothing
	return left, err
}

// written returns what may be there.
func (e *Env) written() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []string
	for key := range e.keys {
		keys = append(keys, key)
	}
	return keys
}

// note makes an object one that may be there.
func (e *Env) note(key string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.keys[key] = true
}

// first is the bucket of what needs only one.
func (e *Env) first() *blob.Bucket { return e.buckets[0] }

// bucket returns the one for the i-th of several that meet.
func (e *Env) bucket(i int) *blob.Bucket { return e.buckets[i%len(e.buckets)] }

// How long a store that is busy is asked again.
const (
	firstWait = 100 * time.Millisecond
	maxWait   = 2 * time.Second
)

// try calls f again while the store is busy or cuts connections, as some do that refuse
// a write before they have read it.
func try(ctx context.Context, f func() error) error {
	for wait := firstWait; ; wait *= 2 {
		err := f()
		if !passes(err) || wait > maxWait {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

func passes(err error) bool {
	switch gcerrors.Code(err) {
	case gcerrors.ResourceExhausted, gcerrors.Internal:
		return true
	case gcerrors.Unknown:
		var network *net.OpError
		return errors.As(err, &network)
	}
	return false
}

// create stores an object if it is absent. One that is there is refused; one that an
// earlier try has stored, whose answer was lost or was that the store is busy, is not.
func (e *Env) create(ctx context.Context, b *blob.Bucket, key string, data []byte) error {
	e.note(key)
	failed := false
	err := try(ctx, func() error {
		err := upload(ctx, b, key, bytes.NewReader(data))
		failed = failed || passes(err)
		if !failed || err == nil {
			return err
		}
		there, readErr := b.ReadAll(ctx, key)
		switch {
		case readErr != nil:
			return err
		case !bytes.Equal(there, data):
			return errThere
		}
		return nil
	})
	return repository.Wrap("write", key, err)
}

// errThere is why a write was refused whose connection was cut: nobody said so.
var errThere = errors.New("another object is there")

func upload(ctx context.Context, b *blob.Bucket, key string, r io.Reader) error {
	return b.Upload(ctx, key, r, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream"})
}

// isThere reports whether an object was not created because it is there.
func isThere(err error) bool {
	return gcerrors.Code(err) == gcerrors.FailedPrecondition || errors.Is(err, errThere)
}

// read returns a whole object.
func (e *Env) read(ctx context.Context, b *blob.Bucket, key string) (data []byte, err error) {
	err = try(ctx, func() error {
		data, err = b.ReadAll(ctx, key)
		return err
	})
	return data, repository.Wrap("read", key, err)
}

func (e *Env) delete(ctx context.Context, key string) error {
	err := try(ctx, func() error { return e.first().Delete(ctx, key) })
	return repository.Wrap("delete", key, err)
}

// list returns what lies below a prefix, in the order that the store has.
func (e *Env) list(ctx context.Context, opts *blob.ListOptions) (found []*blob.ListObject, err error) {
	for it := e.first().List(opts); ; {
		var o *blob.ListObject
		err := try(ctx, func() error {
			o, err = it.Next(ctx)
			return err
		})
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, repository.Wrap("list", opts.Prefix, err)
		}
		found = append(found, o)
		if len(found) > maxListed {
			return nil, fmt.Errorf("list %s: it does not end", opts.Prefix)
		}
	}
}

// maxListed is beyond what is written.
const maxListed = 10_000

// holds makes sure that an object has the bytes.
func (e *Env) holds(ctx context.Context, b *blob.Bucket, key string, want []byte) error {
	got, err := e.read(ctx, b, key)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("read %s: %d bytes that are not the %d that were written", key, len(got), len(want))
	}
	return nil
}

// isAbsent makes sure that an object is not there, by all ways to see it.
func (e *Env) isAbsent(ctx context.Context, key string) error {
	if _, err := e.read(ctx, e.first(), key); !repository.IsNotFound(err) {
		return unexpected("read", key, err)
	}
	if _, err := e.first().Attributes(ctx, key); !repository.IsNotFound(err) {
		return unexpected("look at", key, repository.Wrap("look at", key, err))
	}
	found, err := e.list(ctx, &blob.ListOptions{Prefix: key})
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("list %s: it is listed and should not be there", key)
	}
	return err
}

// unexpected is the error of an operation that should have said "not found".
func unexpected(op, key string, err error) error {
	if err == nil {
		return fmt.Errorf("%s %s: it is there and should not be", op, key)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("an object that is absent: %w", err)
}
