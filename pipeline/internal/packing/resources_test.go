package packing

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/compress"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestPackMemory: packs become smaller before the packs of all runs take too much memory.
func TestPackMemory(t *testing.T) {
	for runs, most := range map[int]int{1: 120 << 20, 4: 240 << 20, 16: 384 << 20, 30: 384 << 20} {
		r, err := NewResources(runs, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got := cap(r.packs) * (r.packTarget + compress.PackExcess); got > most {
			t.Errorf("the packs of %d runs take %d MiB, more than %d", runs, got>>20, most>>20)
		}
	}
}
