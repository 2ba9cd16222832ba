package bench

import (
	"context"
	"errors"
	"fmt"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/internal/scratch"
	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A scratchStore is a repository below a prefix of its own that the probe deletes.
type scratchStore struct {
	prefix string
	url    string // of the bucket
	bucket *blob.Bucket
	repo   *repository.Repository
}

// createScratch creates a repository below a new prefix. Closing the store closes the bucket, as an
// error does.
func createScratch(ctx context.Context, bucket *blob.Bucket, url string) (*scratchStore, error) {
	s := &scratchStore{url: url, prefix: scratch.NewPrefix()}
	s.bucket = blob.PrefixedBucket(bucket, s.prefix)
	repo, err := repository.Init(ctx, s.bucket)
	if err != nil {
		left, emptyErr := scratch.Empty(context.WithoutCancel(ctx), s.bucket, s.url, s.prefix)
		return nil, errors.Join(fmt.Errorf("create a repository below %s: %w", s.prefix, err), emptyErr, left.Err(), s.bucket.Close())
	}
	s.repo = repo
	return s, nil
}

// expansion divides the bytes of the items' streams by Graph's sizes of the items; 0 if unknown.
func (s *scratchStore) expansion(ctx context.Context, mailbox string) float64 {
	ctx, cancel := context.WithTimeout(ctx, scratch.Timeout)
	defer cancel()
	snapshot, err := snapshots.Latest(ctx, s.repo, mailbox)
	if err != nil {
		return 0
	}
	var sizes, lengths int64
	for row, err := range snapshot.Rows(ctx) {
		if err != nil {
			return 0
		}
		if row.Size > 0 {
			sizes, lengths = sizes+row.Size, lengths+row.Length
		}
	}
	if sizes == 0 {
		return 0
	}
	return float64(lengths) / float64(sizes)
}

// remove deletes all objects and closes the bucket.
func (s *scratchStore) remove(ctx context.Context) (*report.Leftovers, error) {
	left, err := scratch.Empty(ctx, s.bucket, s.url, s.prefix)
	return left, errors.Join(err, s.repo.Close())
}
