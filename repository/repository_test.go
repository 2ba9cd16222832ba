package repository_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func isCorrupt(err error) bool {
	var c *repository.CorruptError
	return errors.As(err, &c)
}

// TestDamagedConfig: a config.json in which any bit is flipped is refused.
func TestDamagedConfig(t *testing.T) {
	store := memstore.New()
	bucket := store.Open()
	newRepository(t, store)
	data, err := bucket.ReadAll(t.Context(), "config.json")
	if err != nil {
		t.Fatal(err)
	}
	for i := range data {
		for bit := range 8 {
			bad := bytes.Clone(data)
			bad[i] ^= 1 << bit
			if err := bucket.WriteAll(t.Context(), "config.json", bad, nil); err != nil {
				t.Fatal(err)
			}
			if _, err := repository.Init(t.Context(), bucket); err == nil {
				t.Fatalf("bit %d of byte %d was flipped unnoticed: %s", bit, i, bad)
			}
		}
	}
	newer := []byte(`{"format":2,"id":"x","more":true}`)
	if err := bucket.WriteAll(t.Context(), "config.json", newer, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repository.Init(t.Context(), bucket); !errors.Is(err, repository.ErrNewerFormat) {
		t.Errorf("error is %v", err)
	}
}

// TestMissingRef: a missing run in a mailbox's chain is an error.
func TestMissingRef(t *testing.T) {
	repo := newRepository(t, memstore.New())
	for _, n := range []uint64{1, 3} {
		if err := repo.CreateRef(t.Context(), "m", n, []byte("x")); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := repo.Refs(t.Context(), "m"); !isCorrupt(err) || !strings.Contains(err.Error(), repository.RefKey("m", 2)) {
		t.Errorf("error is %v", err)
	}
}

// TestSizes: an object is damaged if its size differs from the manifest's, or from that of the
// object to be stored at its key.
func TestSizes(t *testing.T) {
	store := memstore.New()
	repo := newRepository(t, store)
	data := []byte("a segment")
	d := manifest.SumOf(data)
	if _, err := repo.PutSegment(t.Context(), d, data); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.ReadSegment(t.Context(), d, int64(len(data))); err != nil {
		t.Error(err)
	}
	for _, size := range []int64{0, int64(len(data)) - 1, int64(len(data)) + 1} {
		if _, err := repo.ReadSegment(t.Context(), d, size); !isCorrupt(err) {
			t.Errorf("size %d: %v", size, err)
		}
	}
	if err := store.Open().WriteAll(t.Context(), repository.PackKey(d), data[1:], nil); err != nil {
		t.Fatal(err)
	}
	if _, err := repo.PutPack(t.Context(), d, data); !isCorrupt(err) {
		t.Errorf("PutPack: %v", err)
	}
}
