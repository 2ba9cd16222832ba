package histories

import (
	"fmt"
	"testing"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/internal/memstore"
)

// A Store holds the repository of a history, and can be broken.
type Store interface {
	// Open opens the repository's bucket, which is empty.
	Open(testing.TB) *blob.Bucket
	// Break makes the store fail in a random way, which it describes. intN returns random
	// numbers below a bound.
	Break(t testing.TB, intN func(bound int) int) string
	// Repair ends the failures of Break, if there are any.
	Repair(testing.TB)
}

// Memory returns a store in memory, in which one write fails, or all from one on.
func Memory() Store { return memory{memstore.New()} }

type memory struct{ store *memstore.Store }

func (m memory) Open(testing.TB) *blob.Bucket { return m.store.Open() }

func (m memory) Break(_ testing.TB, intN func(int) int) string {
	n := intN(12)
	if intN(2) == 0 {
		m.store.FailAfter(n)
		return fmt.Sprintf("fails from write %d on", n)
	}
	m.store.FailOne("", n)
	return fmt.Sprintf("fails at write %d", n)
}

func (m memory) Repair(testing.TB) {
	m.store.FailAfter(-1)
	m.store.Intercept(nil)
}
