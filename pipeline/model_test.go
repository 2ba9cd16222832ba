package pipeline_test

import (
	"fmt"
	"testing"

	"github.com/mailhaul/mailhaul/internal/histories"
)

// TestModel runs histories whose repository is in memory.
func TestModel(t *testing.T) {
	for _, seed := range histories.Seeds(t, 12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			histories.Run(t, seed, 10, histories.Memory())
		})
	}
}
