package lab

import (
	"testing"
	"time"
)

// SetWaitDelay sets the time for which a killed process is waited for, until a test ends.
func SetWaitDelay(t *testing.T, d time.Duration) {
	before := waitDelay
	waitDelay = d
	t.Cleanup(func() { waitDelay = before })
}
