package bench

import (
	"testing"
	"time"
)

// RaiseStopPatience sets how long a process may take to end that was asked to, until a test ends.
func RaiseStopPatience(t *testing.T, d time.Duration) {
	before := stopPatience
	stopPatience = d
	t.Cleanup(func() { stopPatience = before })
}
