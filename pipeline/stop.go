package pipeline

import (
	"context"
	"fmt"
	"sync"
	"time"
)

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
		s.stop(err)
	}
}

func (s *stopReason) reason() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// boundDrain gives the back DrainTimeout from the time that the front stops
// early, and returns what ends the watch.
func (r *run) boundDrain(front context.Context, cancel context.CancelCauseFunc) func() bool {
	return context.AfterFunc(front, func() {
		time.AfterFunc(r.opts.DrainTimeout, func() {
			cancel(fmt.Errorf("what had arrived could not be stored within %s", r.opts.DrainTimeout))
		})
	})
}
