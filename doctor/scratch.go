package doctor

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"gocloud.dev/blob"
	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/repository"
)

const (
	concurrency  = 16                     // of requests where there are many
	firstBackoff = 100 * time.Millisecond // doubles with each retry
	maxBackoff   = 2 * time.Second
	maxListed    = 10_000 // objects; the checks write fewer
)

// A scratch is a prefix that nobody else uses. Checks leave objects there until clean. Its keys are
// relative to the prefix.
type scratch struct {
	prefix  string
	buckets []*blob.Bucket // at least one; all show the same objects

	mu   sync.Mutex
	keys map[string]bool // of objects that may exist
}

func newScratch(buckets []*blob.Bucket) *scratch {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	return &scratch{
		prefix:  repository.ScratchDir + hex.EncodeToString(id[:]) + "/",
		buckets: buckets, keys: map[string]bool{},
	}
}

// bucket returns the bucket for the i-th of several clients.
func (s *scratch) bucket(i int) *blob.Bucket { return s.buckets[i%len(s.buckets)] }

func (s *scratch) first() *blob.Bucket { return s.buckets[0] }

// clean deletes the objects that the checks wrote. It returns how many remain, and the error of one
// of them.
func (s *scratch) clean(ctx context.Context) (left int, err error) {
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(concurrency)
	for _, key := range s.written() {
		g.Go(func() error {
			deleteErr := s.delete(ctx, key)
			if deleteErr == nil || isNotFound(deleteErr) {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			left++
			err = deleteErr
			return nil
		})
	}
	_ = g.Wait() // the functions return no error
	return left, err
}

// written returns the keys of objects that may exist.
func (s *scratch) written() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var keys []string
	for key := range s.keys {
		keys = append(keys, key)
	}
	return keys
}

// record marks an object as one that may exist.
func (s *scratch) record(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[key] = true
}

// retry calls f again while its error is retryable, for about 3 seconds.
func retry(ctx context.Context, f func() error) error {
	for backoff := firstBackoff; ; backoff *= 2 {
		err := f()
		if !isRetryable(err) || backoff > maxBackoff {
			return err
		}
		timer := time.NewTimer(backoff)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// create stores an object if it is absent. An existing object is an error that isExists reports,
// unless an earlier attempt of this call stored it and the answer did not arrive.
func (s *scratch) create(ctx context.Context, b *blob.Bucket, key string, data []byte) error {
	s.record(key)
	ambiguous := false
	err := retry(ctx, func() error {
		err := s.upload(ctx, b, key, bytes.NewReader(data))
		ambiguous = ambiguous || isRetryable(err)
		if !ambiguous || err == nil {
			return err
		}
		stored, readErr := b.ReadAll(ctx, s.prefix+key)
		switch {
		case readErr != nil:
			return err
		case !bytes.Equal(stored, data):
			return errExists
		}
		return nil
	})
	return storeError("write", key, err)
}

// upload makes one attempt to store an object if it is absent.
func (s *scratch) upload(ctx context.Context, b *blob.Bucket, key string, r io.Reader) error {
	return b.Upload(ctx, s.prefix+key, r, &blob.WriterOptions{IfNotExist: true, ContentType: "application/octet-stream"})
}

func (s *scratch) read(ctx context.Context, b *blob.Bucket, key string) (data []byte, err error) {
	err = retry(ctx, func() error {
		data, err = b.ReadAll(ctx, s.prefix+key)
		return err
	})
	return data, storeError("read", key, err)
}

func (s *scratch) attributes(ctx context.Context, key string) (*blob.Attributes, error) {
	attrs, err := s.first().Attributes(ctx, s.prefix+key)
	return attrs, storeError("look at", key, err)
}

func (s *scratch) delete(ctx context.Context, key string) error {
	err := retry(ctx, func() error { return s.first().Delete(ctx, s.prefix+key) })
	return storeError("delete", key, err)
}

// list returns the objects below a prefix, in the store's order.
func (s *scratch) list(ctx context.Context, prefix, delimiter string) (found []*blob.ListObject, err error) {
	for it := s.first().List(&blob.ListOptions{Prefix: s.prefix + prefix, Delimiter: delimiter}); ; {
		var o *blob.ListObject
		err := retry(ctx, func() error {
			o, err = it.Next(ctx)
			return err
		})
		if err == io.EOF {
			return found, nil
		}
		if err != nil {
			return nil, storeError("list", prefix, err)
		}
		o.Key = o.Key[min(len(s.prefix), len(o.Key)):]
		found = append(found, o)
		if len(found) > maxListed {
			return nil, fmt.Errorf("list %s: the list does not end", prefix)
		}
	}
}

// checkContent returns an error unless an object has the given bytes.
func (s *scratch) checkContent(ctx context.Context, b *blob.Bucket, key string, want []byte) error {
	got, err := s.read(ctx, b, key)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("read %s: the %d bytes read differ from the %d bytes written", key, len(got), len(want))
	}
	return nil
}

// checkAbsent returns an error if a read, a look at the attributes or a list shows an object.
func (s *scratch) checkAbsent(ctx context.Context, key string) error {
	if _, err := s.read(ctx, s.first(), key); !isNotFound(err) {
		return unexpected("read", key, err)
	}
	if _, err := s.attributes(ctx, key); !isNotFound(err) {
		return unexpected("look at", key, err)
	}
	found, err := s.list(ctx, key, "")
	if err == nil && len(found) > 0 {
		err = fmt.Errorf("list %s: an object is listed that should not exist", key)
	}
	return err
}

// unexpected returns the error of an operation whose result should have been "not found".
func unexpected(op, key string, err error) error {
	if err == nil {
		return fmt.Errorf("%s %s: the object exists and should not", op, key)
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("an absent object: %w", err)
}
