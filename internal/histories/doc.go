// Package histories lives through random histories of a mailbox: it changes between exports and
// during them, Graph fails in every way that it is known for, connections to the store break, and
// exports are cut off wherever they are. Whatever happened, what is committed verifies, a snapshot
// that is called complete holds what the mailbox held all the time, and after the next quiet
// export it holds exactly what the mailbox does.
//
// A seed stands for one history. Concurrent requests may come in another order when it is lived
// again.
package histories

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seeds returns the seeds of n histories: the first ones, so that tests live through the same
// histories each time. MAILHAUL_TEST_HISTORIES in the environment sets another n.
// MAILHAUL_TEST_SEED is the only seed, or "random" for seeds that are new each time.
func Seeds(t testing.TB, n int) (seeds []uint64) {
	t.Helper()
	if set, err := strconv.Atoi(os.Getenv("MAILHAUL_TEST_HISTORIES")); err == nil {
		n = set
	}
	first := uint64(1)
	text := os.Getenv("MAILHAUL_TEST_SEED")
	if seed, err := strconv.ParseUint(text, 10, 64); err == nil {
		n, first = 1, seed
	} else if text == "random" {
		first = rand.Uint64() >> 32
	}
	for i := range n {
		seeds = append(seeds, first+uint64(i))
	}
	t.Logf("%d histories from seed %d on; MAILHAUL_TEST_SEED repeats one or is random, MAILHAUL_TEST_HISTORIES sets their number", n, first)
	return seeds
}
