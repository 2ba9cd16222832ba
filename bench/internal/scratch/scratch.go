// Package scratch deletes what a measurement stored in a bucket of the user.
package scratch

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/report"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/repository/store"
	"github.com/mailhaul/mailhaul/sinks"
)

// Timeout is how long a measurement works on its objects after it has ended.
const Timeout = 5 * time.Minute

// NewPrefix returns a new prefix that no repository uses. It ends with a slash.
func NewPrefix() string {
	return repository.ScratchDir + "bench-" + strings.ToLower(rand.Text()[:10]) + "/"
}

// Empty deletes all objects of a bucket, and then their versions if the store keeps any. The bucket
// shows what is below the prefix. url is the URL of the bucket without prefix.
// Objects that cannot be deleted are leftovers. The error is of objects that cannot be listed.
func Empty(ctx context.Context, bucket *blob.Bucket, url, prefix string) (*report.Leftovers, error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	left := &report.Leftovers{Prefix: prefix}
	objects := bucket.List(nil)
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("objects may stay below %s: %w", prefix, store.Wrap("list", "", err))
		}
		if err := bucket.Delete(ctx, o.Key); err != nil && !repository.IsNotFound(err) {
			add(left, o.Size, store.Wrap("delete", o.Key, err))
		}
	}
	if v, ok := sinks.VersionsOf(bucket, url); ok && left.Objects == 0 {
		versions, err := v.Purge(ctx, prefix)
		if err != nil {
			left.Versions, left.Error = versions, store.Wrap("delete versions below", prefix, err).Error()
		}
	}
	if left.Error == "" {
		return nil, nil
	}
	return left, nil
}

func add(left *report.Leftovers, size int64, err error) {
	if left.Objects == 0 {
		left.Error = err.Error()
	}
	left.Objects++
	left.Bytes += size
}
