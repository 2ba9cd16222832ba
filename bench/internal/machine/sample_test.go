package machine_test

import (
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/bench/internal/machine"
	"github.com/mailhaul/mailhaul/bench/report"
)

// TestSample samples for an hour: the samples cover it, and are bounded.
func TestSample(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := int64(0)
		stop := machine.Sample(os.Getpid(), time.Now(), func(s *report.Sample) bool {
			n++
			s.Items = n
			return true
		})
		time.Sleep(time.Hour)
		samples := stop()
		if len(stop()) != len(samples) || len(samples) < 500 || len(samples) > 1001 {
			t.Fatalf("%d samples", len(samples))
		}
		for i := 1; i < len(samples); i++ {
			if a, b := samples[i-1], samples[i]; b.Seconds <= a.Seconds && i < len(samples)-1 || b.Items <= a.Items {
				t.Errorf("%+v after %+v", b, a)
			}
		}
		if last := samples[len(samples)-1]; last.Seconds != 3600 || last.Items != n {
			t.Errorf("the last of %d samples is %+v", n, last)
		}
	})
}
