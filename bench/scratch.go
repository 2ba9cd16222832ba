package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/repository/store"
	"github.com/mailhaul/mailhaul/sinks"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A scratch is a repository that lies apart from all else in a bucket, and is deleted after use.
type scratch struct {
	prefix string
	url    string // of the bucket; empty if it has none
	bucket *blob.Bucket
	repo   *repository.Repository
}

// removeTimeout bounds the time for deleting a scratch.
const removeTimeout = 5 * time.Minute

// Left is what a measurement could not delete of what it stored.
type Left struct {
	Prefix   string `json:"prefix"` // below the place
	Objects  int    `json:"objects"`
	Bytes    int64  `json:"bytes"`              // of the objects
	Versions int    `json:"versions,omitempty"` // of deleted objects; as far as the store tells
	Error    string `json:"error"`              // why; of the first that stayed
}

// openScratch makes a repository below a new prefix of those that no repository takes for its own. It closes the bucket if
// it fails, or else with the scratch.
func openScratch(ctx context.Context, bucket *blob.Bucket, url string) (*scratch, error) {
	s := &scratch{url: url, prefix: repository.ScratchDir + "bench-" + strings.ToLower(rand.Text()[:10]) + "/"}
	s.bucket = blob.PrefixedBucket(bucket, s.prefix)
	repo, err := repository.Init(ctx, s.bucket)
	if err != nil {
		left, leftErr := s.empty(context.WithoutCancel(ctx))
		if left != nil {
			leftErr = left.err()
		}
		return nil, errors.Join(fmt.Errorf("a place to store below %s: %w", s.prefix, err), leftErr, s.bucket.Close())
	}
	s.repo = repo
	return s, nil
}

// expansion returns how much longer the streams of the items are than Graph says that they are; 0 if it cannot be told.
func (s *scratch) expansion(ctx context.Context, mailbox string) float64 {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	snapshot, err := snapshots.Latest(ctx, s.repo, mailbox)
	if err != nil {
		return 0
	}
	var told, long int64
	for row, err := range snapshot.Rows(ctx) {
		if err != nil {
			return 0
		}
		if row.Size > 0 {
			told, long = told+row.Size, long+row.Length
		}
	}
	if told == 0 {
		return 0
	}
	return float64(long) / float64(told)
}

// remove deletes the scratch and closes the bucket. What may not be deleted is told; the error is of what cannot even be
// listed.
func (s *scratch) remove(ctx context.Context) (*Left, error) {
	left, err := s.empty(ctx)
	return left, errors.Join(err, s.repo.Close())
}

// empty deletes the objects of the scratch, and then the versions that they left where a bucket keeps any.
func (s *scratch) empty(ctx context.Context) (*Left, error) {
	ctx, cancel := context.WithTimeout(ctx, removeTimeout)
	defer cancel()
	left := &Left{Prefix: s.prefix}
	objects := s.bucket.List(nil)
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("what was stored below %s may still be there: %w", s.prefix, store.Wrap("list", "", err))
		}
		if err := s.bucket.Delete(ctx, o.Key); err != nil && !repository.IsNotFound(err) {
			left.add(o.Size, store.Wrap("delete", o.Key, err))
		}
	}
	if v, ok := sinks.VersionsOf(s.bucket, s.url); ok && left.Objects == 0 {
		versions, err := v.Purge(ctx, s.prefix)
		if err != nil {
			left.Versions, left.Error = versions, store.Wrap("delete versions below", s.prefix, err).Error()
		}
	}
	if left.Error == "" {
		return nil, nil
	}
	return left, nil
}

// err tells what stays.
func (l *Left) err() error {
	if l.Objects == 0 {
		return fmt.Errorf("%d versions of deleted objects stay below %s: %s", l.Versions, l.Prefix, l.Error)
	}
	return fmt.Errorf("%d objects stay below %s: %s", l.Objects, l.Prefix, l.Error)
}

func (l *Left) add(size int64, err error) {
	if l.Objects == 0 {
		l.Error = err.Error()
	}
	l.Objects++
	l.Bytes += size
}
