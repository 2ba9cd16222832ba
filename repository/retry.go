package repository

import (
	"context"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/mailhaul/mailhaul/internal/patience"
	"github.com/mailhaul/mailhaul/repository/store"
)

// retryPolicy holds for all calls to a store.
var retryPolicy = patience.Policy{First: 200 * time.Millisecond, Longest: 15 * time.Second, Total: 5 * time.Minute}

// unansweredTotal replaces the policy's total while the store has never answered: a mistake in its
// URL is more likely than an outage.
const unansweredTotal = 4 * time.Second

// A retrier repeats calls that fail for a reason that may pass.
type retrier struct {
	logger   *slog.Logger // may be nil
	answered atomic.Bool  // the store has answered at least once
	retries  atomic.Int64
}

// do calls f until it succeeds or its error is permanent, patience runs out, or ctx ends. Its error
// is the last one of f, with the operation and the key.
func (r *retrier) do(ctx context.Context, op, key string, f func() error) error {
	loop := patience.Loop{
		Policy: retryPolicy,
		Judge:  r.judge,
		Report: func(f patience.Failure) { r.note(op, key, f.Err) },
	}
	err := loop.Do(ctx, func(int) error {
		err := f()
		if isAnswer(err) {
			r.answered.Store(true)
		}
		return err
	})
	return failed(op, key, err)
}

// judge lets elapsed time bound the attempts at a retryable call.
func (r *retrier) judge(err error, _ int) patience.Retry {
	if !isRetryable(err) {
		return patience.Retry{}
	}
	retry := patience.Retry{Attempts: math.MaxInt}
	if !r.answered.Load() {
		retry.Total = unansweredTotal
	}
	return retry
}

// note counts and logs a call that is about to be repeated.
func (r *retrier) note(op, key string, err error) {
	r.retries.Add(1)
	if r.logger != nil {
		r.logger.Warn("the store failed; retrying", "operation", op, "object", key, "error", store.Describe(err).Reason)
	}
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
