package pipeline

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// errStopped is why what the front was doing ended. It is not the reason for that: an error
// of one request would look like the answer to another.
var errStopped = errors.New("the run has stopped")

// A stopReason is why the front ended before it was through: its first error.
type stopReason struct {
	mu   sync.Mutex
	err  error
	stop context.CancelCauseFunc
}

// because ends the front.
func (s *stopReason) because(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = err
		s.stop(errStopped)
	}
}

func (s *stopReason) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// boundDrain gives the back a time to store what has arrived, from when the front
// stops, and returns what ends the watch: nothing of the run is kept behind it.
func boundDrain(front context.Context, timeout time.Duration, cancel context.CancelCauseFunc) (end func()) {
	var mu sync.Mutex
	var timer *time.Timer
	ended := false
	unwatch := context.AfterFunc(front, func() {
		mu.Lock()
		defer mu.Unlock()
		if !ended {
			timer = time.AfterFunc(timeout, func() {
				cancel(fmt.Errorf("what had arrived could not be stored within %s", timeout))
			})
		}
	})
	return func() {
		unwatch()
		mu.Lock()
		defer mu.Unlock()
		if ended = true; timer != nil {
			timer.Stop()
		}
	}
}
