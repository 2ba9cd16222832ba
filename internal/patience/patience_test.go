package patience_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/internal/patience"
)

var (
	errCall = errors.New("failed")
	policy  = patience.Policy{First: time.Second, Longest: time.Minute, Total: 10 * time.Minute}
)

// always repeats every error until the total has elapsed.
func always(error, int) patience.Retry { return patience.Retry{Attempts: math.MaxInt} }

func TestPauseBounds(t *testing.T) {
	for _, first := range []time.Duration{time.Nanosecond, time.Second, time.Minute, 1 << 62} {
		p := patience.Policy{First: first, Longest: time.Minute}
		for failures := 1; failures < 100; failures++ {
			most := time.Minute
			if failures < 30 && first <= time.Minute>>(failures-1) {
				most = first << (failures - 1)
			}
			if got := p.Pause(failures); got < most/2 || got > most+1 {
				t.Errorf("first %v, %d failures: %v, want up to %v", first, failures, got, most)
			}
		}
	}
}

func TestDo(t *testing.T) {
	tests := map[string]struct {
		retry     patience.Retry
		successAt int // attempt
		attempts  int
		least     time.Duration // elapsed
		most      time.Duration
	}{
		"success":               {patience.Retry{Attempts: 5}, 1, 1, 0, 0},
		"final":                 {patience.Retry{}, 2, 1, 0, 0},
		"once more":             {patience.Retry{Attempts: 2}, 2, 2, time.Second / 2, time.Second + 1},
		"attempts":              {patience.Retry{Attempts: 3}, 9, 3, 3 * time.Second / 2, 3*time.Second + 2},
		"elapsed time":          {patience.Retry{Attempts: math.MaxInt}, 999, 0, 9 * time.Minute, 10 * time.Minute},
		"pause of the server":   {patience.Retry{Attempts: 4, Pause: time.Minute}, 9, 4, 3 * time.Minute, 3 * time.Minute},
		"a pause that is long":  {patience.Retry{Attempts: 4, Pause: time.Hour}, 9, 1, 0, 0},
		"total of the error":    {patience.Retry{Attempts: math.MaxInt, Total: 4 * time.Second}, 999, 0, time.Second, 4 * time.Second},
		"longer than its total": {patience.Retry{Attempts: 4, Pause: time.Hour, Total: 2 * time.Hour}, 9, 3, 2 * time.Hour, 2 * time.Hour},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, calls, reports := time.Now(), 0, 0
				l := patience.Loop{
					Policy: policy,
					Judge:  func(error, int) patience.Retry { return tt.retry },
					Report: func(f patience.Failure) {
						if reports++; f.Attempt != reports || f.Err != errCall || f.Pause <= 0 {
							t.Errorf("report %d: %+v", reports, f)
						}
					},
				}
				err := l.Do(t.Context(), func(attempt int) error {
					if calls++; attempt != calls {
						t.Errorf("call %d is attempt %d", calls, attempt)
					}
					if attempt == tt.successAt {
						return nil
					}
					return errCall
				})
				if (err == nil) != (calls == tt.successAt) || err != nil && err != errCall {
					t.Errorf("got %v after %d calls", err, calls)
				}
				if tt.attempts > 0 && calls != tt.attempts || reports != calls-1 {
					t.Errorf("%d calls and %d reports, want %d calls", calls, reports, tt.attempts)
				}
				if d := time.Since(began); d < tt.least || d > tt.most {
					t.Errorf("took %v, want %v to %v", d, tt.least, tt.most)
				}
			})
		})
	}
}

// TestTotalFromFirstFailure checks that the time of a long call before it fails does not count.
func TestTotalFromFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := patience.Loop{Policy: policy, Judge: always}
		err := l.Do(t.Context(), func(attempt int) error {
			if attempt == 2 {
				return nil
			}
			time.Sleep(time.Hour)
			return errCall
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// TestCancel checks that cancellation ends the loop during a pause, and after a call.
func TestCancel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		l := patience.Loop{Policy: policy, Judge: always}
		for calls := range 2 {
			made := 0
			err := l.Do(ctx, func(int) error { made++; return errCall })
			if err != errCall || made != 1 || time.Since(began) != 100*time.Millisecond {
				t.Errorf("loop %d: %v after %d calls and %v", calls, err, made, time.Since(began))
			}
		}
		if err := patience.Sleep(ctx, time.Hour); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > time.Second {
			t.Errorf("slept %v: %v", time.Since(began), err)
		}
	})
}
