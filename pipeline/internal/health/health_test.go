package health_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/pipeline/internal/health"
)

// TestDoubt: exports are in doubt after 60 misses in a row, for 30 minutes. Then there is an error.
func TestDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := health.New(nil)
		miss := func(n int) {
			for range n {
				h.Missed(graph.ItemError{Code: "ErrorServerBusy"})
			}
		}
		check := func(what string, inDoubt, isError bool) {
			t.Helper()
			if got, err := h.InDoubt(t.Context()), h.Err(); got != inDoubt || (err != nil) != isError {
				t.Errorf("%s: in doubt: %t, error %v", what, got, err)
			}
		}
		miss(59)
		check("after 59 misses", false, false)
		h.Answered()
		miss(59)
		check("after an answer", false, false)
		miss(1)
		check("after 60 misses", true, false)
		time.Sleep(30 * time.Minute)
		check("after 30 minutes", true, false)
		time.Sleep(time.Second)
		check("after more than 30 minutes", false, true)
	})
}
