// Package patience repeats calls that fail for a reason which may pass.
//
// A Policy says how long: pauses double up to a bound, half of each pause is random so that callers
// do not repeat in step, and elapsed time ends the loop. The caller says which errors are repeated.
package patience

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"
)

// A Policy says how long a call is repeated.
type Policy struct {
	First   time.Duration // the pause after the first failure
	Longest time.Duration // bounds each pause
	Total   time.Duration // from the first failure to the start of the last repetition
}

// Pause returns the pause after a number of failures, from 1: First doubled for each failure after
// the first, and at most Longest. Up to half of it is random.
func (p Policy) Pause(failures int) time.Duration {
	d := p.Longest
	if failures < 30 && p.First <= p.Longest>>(failures-1) {
		d = p.First << (failures - 1)
	}
	return d/2 + rand.N(d/2+1)
}

// A Retry is the decision on a call that failed. The zero value ends the loop.
type Retry struct {
	// Attempts bounds how often the call is made, the first time included. math.MaxInt leaves the
	// decision to elapsed time.
	Attempts int

	Pause time.Duration // instead of the policy's pause, as a server requests it; 0: the policy's
	Total time.Duration // instead of the policy's total, for errors that deserve less; 0: the policy's
}

// A Failure is a call that failed and is repeated after a pause.
type Failure struct {
	Err     error
	Attempt int // from 1
	Pause   time.Duration
}

// A Loop repeats a call.
type Loop struct {
	Policy

	// Judge decides on a call that failed for the attempt-th time, from 1.
	Judge func(err error, attempt int) Retry

	// Report, if set, is called before each pause.
	Report func(Failure)
}

// Do makes the call until it succeeds, Judge or elapsed time ends the loop, or ctx is done, during
// a pause too. It returns the last error of the call.
func (l Loop) Do(ctx context.Context, call func(attempt int) error) error {
	var failing time.Time // since
	for attempt := 1; ; attempt++ {
		err := call(attempt)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if failing.IsZero() {
			failing = time.Now()
		}
		retry := l.Judge(err, attempt)
		if attempt >= retry.Attempts {
			return err
		}
		pause := cmp.Or(retry.Pause, l.Pause(attempt))
		if time.Since(failing)+pause > cmp.Or(retry.Total, l.Total) {
			return err
		}
		if l.Report != nil {
			l.Report(Failure{Err: err, Attempt: attempt, Pause: pause})
		}
		if Sleep(ctx, pause) != nil {
			return err
		}
	}
}

// Sleep pauses for d. If ctx is done before, it returns the cause at once.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
