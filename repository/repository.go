package repository

import (
	"log/slog"

	"gocloud.dev/blob"
)

// A Repository is one in a bucket. It is safe for concurrent use. It repeats calls that fail for a
// reason that may pass: for five minutes at most, once the store has answered.
type Repository struct {
	bucket bucket
}

func newRepository(b *blob.Bucket) *Repository { return &Repository{bucket: bucket{below: b}} }

// Close closes the bucket.
func (r *Repository) Close() error { return r.bucket.below.Close() }

// SetLogger sets the logger of repeated calls. It must not be called while the repository is in
// use.
func (r *Repository) SetLogger(l *slog.Logger) { r.bucket.logger = l }

// Retries returns the number of repeated calls.
func (r *Repository) Retries() int64 { return r.bucket.retries.Load() }
