package repository

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/repository/store"
)

// The retry policy of all calls to a store.
const (
	// patience is how long a call is repeated, from its first failure. A store that has never
	// answered is more likely a mistake than out of order.
	patience      = 5 * time.Minute
	firstPatience = 4 * time.Second

	// Pauses double, and are random between half and all of their length.
	firstPause   = 200 * time.Millisecond
	longestPause = 15 * time.Second
)

// A retrier repeats calls that fail for a reason that may pass.
type retrier struct {
	logger   *slog.Logger // may be nil
	answered atomic.Bool  // the store has answered at least once
	retries  atomic.Int64
}

// do calls f until it succeeds or its error is permanent, patience runs out, or ctx ends. Its error
// is the last one of f, with the operation and the key.
func (r *retrier) do(ctx context.Context, op, key string, f func() error) error {
	started, failedOnce := time.Now(), false
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		err := f()
		if !isRetryable(err) {
			r.answered.Store(r.answered.Load() || isAnswer(err))
			return failed(op, key, err)
		}
		if !failedOnce && r.answered.Load() {
			started, failedOnce = time.Now(), true // the first attempt may have been a long transfer
		}
		if time.Since(started)+pause > r.patience() || ctx.Err() != nil {
			return failed(op, key, err)
		}
		r.note(op, key, err)
		timer := time.NewTimer(pause/2 + rand.N(pause/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return failed(op, key, err)
		}
	}
}

// note counts and logs a call that is about to be repeated.
func (r *retrier) note(op, key string, err error) {
	r.retries.Add(1)
	if r.logger != nil {
		r.logger.Warn("the store failed; trying again", "operation", op, "object", key, "error", store.Describe(err).Reason)
	}
}

func (r *retrier) patience() time.Duration {
	if r.answered.Load() {
		return patience
	}
	return firstPatience
}

// isRetryable reports whether another attempt may succeed.
func isRetryable(err error) bool {
	return !isOf[*CorruptError](err) && store.Is(err, store.Busy, store.Unavailable)
}

// isAnswer reports whether the store works, since it succeeded or failed for a reason that lies in
// its objects.
func isAnswer(err error) bool {
	return err == nil || store.Is(err, store.NotFound, store.NoBucket, store.Exists)
}
