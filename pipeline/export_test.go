package pipeline

import (
	"testing"

	"github.com/mailhaul/mailhaul/compress"
)

// SmallPacks lets the packs of a pool end at a stored size that tests reach quickly.
func SmallPacks(p *Pool, size int) { p.packTarget = size }

// InUse returns how much of a pool its runs hold.
func InUse(p *Pool) int { return len(p.places) + len(p.frames) + len(p.packs) + len(p.uploads) }

// PackMemory returns how many stored bytes of packs a pool has in memory at most.
func PackMemory(p *Pool) int { return cap(p.packs) * (p.packTarget + compress.PackExcess) }

// LowerMaxWaiting sets how many items may wait for packs until a test ends.
func LowerMaxWaiting(t *testing.T, n int) {
	before := maxWaiting
	maxWaiting = n
	t.Cleanup(func() { maxWaiting = before })
}
