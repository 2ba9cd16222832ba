package cli

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mailhaul/mailhaul/pipeline"
)

const (
	// memoryLimit is what the garbage collector aims to keep memory below, as Go counts it,
	// where GOMEMLIMIT does not say otherwise. What one mailbox's pipeline on two processors has in
	// use when its bucket is slow, some 180 MiB, stays well below it: else garbage would be
	// collected all the time.
	memoryLimit = 215 << 20

	// What each further mailbox that is exported at once adds to the limit, and each further
	// frame that is compressed at once: its bytes, plain and compressed, and zstd's window.
	memoryPerMailbox    = 45 << 20
	memoryPerCompressor = 12 << 20

	// gcPercent keeps garbage to a fifth of what is in use, where GOGC does not say
	// otherwise. Nearly all of that is buffers without pointers: collecting often is cheap.
	gcPercent = 20

	// firstGCPercent has garbage collected for the first time when there are 64 MiB, sixteen
	// times what Go begins with. A fifth of next to nothing would be collected twenty times in
	// the first quarter of a second, while all buffers are yet to be made.
	firstGCPercent = 1600
)

// boundMemory sets how much memory the process may take, and how much of it may be garbage.
func boundMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(firstGCPercent)
		collected := new([16]byte)
		runtime.AddCleanup(collected, func(next int) { debug.SetGCPercent(next) }, gcPercent)
	}
}

// heapLimit is memoryLimit for a pool of so many runs.
func heapLimit(pool *pipeline.Pool, runs int) int64 {
	return memoryLimit + int64(runs-1)*memoryPerMailbox + int64(max(0, pool.Compressors()-2))*memoryPerCompressor
}
