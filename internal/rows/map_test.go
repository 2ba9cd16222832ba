package rows_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// TestMapModel compares a Map with a plain map.
func TestMapModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var m rows.Map[int]
	model := map[manifest.RowKey]int{}
	for i := range 50_000 {
		key := manifest.KeyOf("folder", fmt.Sprint(rng.IntN(20_000)))
		if rng.IntN(3) == 0 {
			want, ok := model[key]
			if got, found := m.Get(key); got != want || found != ok {
				t.Fatalf("key %x is %d, %t, expected %d, %t", key, got, found, want, ok)
			}
			continue
		}
		m.Set(key, i)
		model[key] = i
	}
	if m.Len() != len(model) {
		t.Errorf("%d keys, expected %d", m.Len(), len(model))
	}
	for key, want := range model {
		if got, ok := m.Get(key); !ok || got != want {
			t.Errorf("key %x is %d, %t, expected %d", key, got, ok, want)
		}
	}
}

// TestMapMemory: a value of 12 bytes costs no more than 1.3 times the 24 bytes
// of an entry, at any size.
func TestMapMemory(t *testing.T) {
	before := heap()
	var m rows.Map[[12]byte]
	for n := 1; n <= 300_000; n++ {
		m.Set(manifest.KeyOf("folder", fmt.Sprint(n)), [12]byte{})
		if n%37_000 == 0 {
			if each := float64(heap()-before) / float64(n); each > 1.3*24 {
				t.Errorf("%d entries take %.1f bytes each", n, each)
			}
		}
	}
	runtime.KeepAlive(&m)
}

func heap() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

func BenchmarkMap(b *testing.B) {
	keys := make([]manifest.RowKey, 100_000)
	for i := range keys {
		keys[i] = manifest.KeyOf("folder", fmt.Sprint(i))
	}
	for b.Loop() {
		var m rows.Map[[12]byte]
		for _, key := range keys {
			m.Set(key, [12]byte{})
		}
	}
}
