package memory

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"
)

// TestBound: the first collection is late, and later ones are as frequent as configured.
func TestBound(t *testing.T) {
	percent, limit := debug.SetGCPercent(100), debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(limit)
	defer debug.SetGCPercent(percent)
	t.Setenv("GOGC", "")
	t.Setenv("GOMEMLIMIT", "")

	Bound()
	if got := gcSetting(t, "/gc/gogc:percent"); got != firstGCPercent {
		t.Errorf("GOGC is %d before garbage was collected, want %d", got, firstGCPercent)
	}
	if got := gcSetting(t, "/gc/gomemlimit:bytes"); got != baseLimit {
		t.Errorf("GOMEMLIMIT is %d, want %d", got, baseLimit)
	}
	for began := time.Now(); gcSetting(t, "/gc/gogc:percent") != gcPercent; time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatalf("GOGC is %d after garbage was collected, want %d", gcSetting(t, "/gc/gogc:percent"), gcPercent)
		}
		runtime.GC()
	}
}

// TestEnvironment: GOGC and GOMEMLIMIT take precedence.
func TestEnvironment(t *testing.T) {
	percent, limit := debug.SetGCPercent(77), debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(limit)
	defer debug.SetGCPercent(percent)
	t.Setenv("GOGC", "77")
	t.Setenv("GOMEMLIMIT", "off")

	Bound()
	if got := gcSetting(t, "/gc/gogc:percent"); got != 77 {
		t.Errorf("GOGC is %d, want 77", got)
	}
	if got := gcSetting(t, "/gc/gomemlimit:bytes"); got != math.MaxInt64 {
		t.Errorf("GOMEMLIMIT is %d, want none", got)
	}
}

// gcSetting reads a setting of the garbage collector.
func gcSetting(t *testing.T, name string) uint64 {
	t.Helper()
	sample := []metrics.Sample{{Name: name}}
	metrics.Read(sample)
	if sample[0].Value.Kind() != metrics.KindUint64 {
		t.Fatalf("no metric %s", name)
	}
	return sample[0].Value.Uint64()
}
