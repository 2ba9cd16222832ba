package histories

import (
	"fmt"
	"testing"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/internal/memstore"
)

// A Store holds the repository of a history, and can be harmed.
type Store interface {
	// Open opens the bucket of the repository, which is empty.
	Open(testing.TB) *blob.Bucket
	// Harm makes the store fail, in a way that the numbers below a bound decide which intN
	// returns. It tells which way.
	Harm(t testing.TB, intN func(bound int) int) string
	// Heal ends what Harm began, if anything.
	Heal(testing.TB)
}

// Memory returns a store in memory, which fails from some write on, or at one.
func Memory() Store { return memory{memstore.New()} }

type memory struct{ store *memstore.Store }

func (m memory) Open(testing.TB) *blob.Bucket { return m.store.Open() }

func (m memory) Harm(_ testing.TB, intN func(int) int) string {
	n := intN(12)
	if intN(2) == 0 {
		m.store.FailAfter(n)
		return fmt.Sprintf("fails from write %d on", n)
	}
	m.store.FailOne("", n)
	return fmt.Sprintf("fails at write %d", n)
}

func (m memory) Heal(testing.TB) {
	m.store.FailAfter(-1)
	m.store.Intercept(nil)
}
