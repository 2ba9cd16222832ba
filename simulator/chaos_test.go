package simulator_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// TestChaos checks that a client that requests again gets every item complete, and sees every kind
// of fault.
func TestChaos(t *testing.T) {
	rates := map[string]int{"reset": 20}
	g := start(t, simulator.Options{Seed: 44, Items: 400, MaxItemSize: 30_000, RetryAfter: -1, Chaos: simulator.Chaos{Rate: 60, Rates: rates}})
	missing := map[string]bool{}
	for _, id := range g.ids() {
		missing[id] = true
	}
	rounds, foreign, failed, twice := 0, 0, 0, 0
	for ; len(missing) > 0 && rounds < 40; rounds++ {
		for chunk := range slices.Chunk(slices.Sorted(maps.Keys(missing)), 2) {
			requested := map[string]bool{}
			for _, id := range chunk {
				requested[id] = true
			}
			for _, e := range g.tryExport(chunk) {
				switch {
				case e.Error != nil:
					failed++
				case !requested[e.ItemID]:
					foreign++
				case !missing[e.ItemID]:
					twice++
				case !bytes.Equal(e.Data, g.stream(e.ItemID)):
					t.Fatalf("item %s came back wrong", e.ItemID)
				}
				if e.Error == nil {
					delete(missing, e.ItemID)
				}
			}
		}
	}
	s := g.sim.Stats()
	for _, name := range []string{"throttle", "unavailable", "fail", "cut", "reset", "delay", "omit", "repeat", "reverse", "extra", "item", "odd"} {
		if s.Chaos[name] == 0 {
			t.Errorf("there was no %q: %v", name, s.Chaos)
		}
	}
	if len(missing) > 0 || foreign == 0 || failed == 0 || twice == 0 || s.Statuses[429] == 0 || s.Statuses[503] == 0 {
		t.Errorf("%d items are missing after %d rounds; %d foreign, %d failed, %d twice; %v", len(missing), rounds, foreign, failed, twice, s.Statuses)
	}
}
