// Package histories runs random histories of a mailbox. The mailbox changes between exports and
// during them, Graph fails in every way that it is known to fail, connections to the store break,
// and exports are cancelled at any moment. After each export, the repository must verify, and a
// complete snapshot must hold what the mailbox had all the time. After an undisturbed export, the
// snapshot must hold exactly what the mailbox has.
//
// A seed determines one history, except for the order of concurrent requests.
package histories

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// Seeds returns the seeds of n histories: 1 to n, so that tests run the same histories each time.
// The environment variable MAILHAUL_TEST_HISTORIES sets another n. MAILHAUL_TEST_SEED is the only
// seed, or "random" for different seeds each time.
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
	t.Logf("%d histories from seed %d on; MAILHAUL_TEST_SEED sets one seed or random, MAILHAUL_TEST_HISTORIES the number", n, first)
	return seeds
}
