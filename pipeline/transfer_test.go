package pipeline

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// TestBoundDrain: the back is cancelled when its time is up, and no timer is left when the run has
// ended.
func TestBoundDrain(t *testing.T) {
	for name, ends := range map[string]bool{"the back hangs": false, "the run is over": true} {
		synctest.Test(t, func(t *testing.T) {
			front, stop := context.WithCancel(t.Context())
			back, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			end := boundDrain(front, time.Minute, cancel)
			stop()
			synctest.Wait()
			if ends {
				end()
			}
			time.Sleep(time.Minute - time.Second)
			if back.Err() != nil {
				t.Errorf("%s: cancelled too early", name)
			}
			time.Sleep(2 * time.Second)
			synctest.Wait()
			if (back.Err() != nil) == ends {
				t.Errorf("%s: after its time, %v", name, context.Cause(back))
			}
			end()
		})
	}
}
