package repository

import (
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"gocloud.dev/gcerrors"
)

// How long a call is tried again. A store that has answered once is known to be the right
// one: it may be down for a while. One that has never answered is more likely a mistake.
const (
	patience      = 5 * time.Minute
	firstPatience = 4 * time.Second

	// lastLook bounds the time for finding out whether a ref was stored that failed.
	lastLook = 15 * time.Second

	firstWait = 200 * time.Millisecond
	maxWait   = 15 * time.Second
)

// A retrier repeats what failed for a reason that passes.
type retrier struct {
	logger   *slog.Logger // nil: none
	answered atomic.Bool  // the store did, at least once
	retries  atomic.Int64
}

// do calls f until it succeeds, its error is for good, patience has run out, or ctx ends;
// it returns the last error of f.
func (r *retrier) do(ctx context.Context, op, key string, f func() error) error {
	started, failed := time.Now(), false
	for wait := firstWait; ; wait = min(2*wait, maxWait) {
		err := f()
		if !passes(err) {
			r.answered.Store(r.answered.Load() || answers(err))
			return err
		}
		if !failed && r.answered.Load() {
			started, failed = time.Now(), true // what came before may have been a long transfer
		}
		if time.Since(started)+wait > r.patience() || ctx.Err() != nil {
			return err
		}
		r.again(op, key, err)
		timer := time.NewTimer(wait/2 + rand.N(wait/2))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// again counts a call that is repeated, and tells of it.
func (r *retrier) again(op, key string, err error) {
	r.retries.Add(1)
	if r.logger != nil {
		r.logger.Warn("the store failed; trying again", "operation", op, "object", key, "error", reason(err))
	}
}

func (r *retrier) patience() time.Duration {
	if r.answered.Load() {
		return patience
	}
	return firstPatience
}

// answers reports whether a store that gives this error, or none, is a working one.
func answers(err error) bool {
	switch gcerrors.Code(err) {
	case gcerrors.OK, gcerrors.NotFound, gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return true
	}
	return false
}

// passes reports whether an error is of a kind that another try may not meet: by the
// driver's code; of what has none, all but the end of an object, one that is corrupt or of unknown size, what
// the file system says, and what answers otherwise than a store.
func passes(err error) bool {
	switch gcerrors.Code(err) {
	case gcerrors.Internal, gcerrors.ResourceExhausted, gcerrors.DeadlineExceeded:
		return true
	case gcerrors.Unknown:
		return err != io.EOF && !errors.Is(err, errNoSize) && !isOf[*CorruptError](err) && !isOf[*fs.PathError](err) && !isOf[*os.LinkError](err) &&
			!isOf[*tls.CertificateVerificationError](err) && !errors.Is(err, http.ErrSchemeMismatch) &&
			!isOf[*xml.SyntaxError](err) && !isOf[xml.UnmarshalError](err)
	}
	return false
}

func isOf[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}
