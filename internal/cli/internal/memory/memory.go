// Package memory bounds the memory of the process.
package memory

import (
	"os"
	"runtime"
	"runtime/debug"

	"github.com/mailhaul/mailhaul/pipeline"
)

const (
	// baseLimit is the soft memory limit of the garbage collector, as Go counts memory. One
	// mailbox's pipeline on two processors has up to 180 MiB in use when its bucket is slow. The
	// limit is well above that, because near the limit garbage would be collected all the time.
	baseLimit = 215 << 20

	// What each further mailbox that is exported at a time adds to the limit, and each further
	// compressor: the bytes of a frame, plain and compressed, and zstd's window.
	perMailbox    = 45 << 20
	perCompressor = 12 << 20

	// gcPercent keeps garbage to a fifth of the memory in use. Nearly all of that is buffers
	// without pointers, so collecting often is cheap.
	gcPercent = 20

	// firstGCPercent delays the first collection to 64 MiB, sixteen times Go's default. Otherwise
	// garbage would be collected twenty times in the first quarter of a second, while the buffers
	// are allocated.
	firstGCPercent = 1600
)

// Bound sets the process's memory limit and its share of garbage, unless GOMEMLIMIT and GOGC do.
func Bound() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(baseLimit)
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(firstGCPercent)
		collected := new([16]byte)
		runtime.AddCleanup(collected, func(next int) { debug.SetGCPercent(next) }, gcPercent)
	}
}

// Raise raises the limit for a pool of n runs, unless GOMEMLIMIT sets it, until restore is called.
func Raise(pool *pipeline.Pool, n int) (restore func()) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return func() {}
	}
	before := debug.SetMemoryLimit(limit(pool.Compressors(), n))
	return func() { debug.SetMemoryLimit(before) }
}

func limit(compressors, runs int) int64 {
	return baseLimit + int64(runs-1)*perMailbox + int64(max(0, compressors-2))*perCompressor
}
