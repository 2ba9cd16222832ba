package restore_test

import (
	"context"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
)

// startListing makes the last snapshot one with a listing under way, whose keys are in an object.
// It returns the object's key.
func (v *vault) startListing(change func(*manifest.Segment)) string {
	v.t.Helper()
	s, rows := v.latest()
	data, g, err := manifest.EncodeKeys([]manifest.RowKey{manifest.KeyOf(rows[0].Folder, rows[0].ID)})
	if err != nil {
		v.t.Fatal(err)
	}
	key := repository.SegmentKey(g.SHA256)
	v.write(key, data)
	change(&g)
	s.State = manifest.StatePartial
	s.Folders[0].Listing = &manifest.Listing{Pass: manifest.PassItems, Keys: []manifest.Segment{g}}
	if data, err = s.Encode(); err != nil {
		v.t.Fatal(err)
	}
	v.replace(s, data)
	return key
}

// TestKeysOfListings: the keys of a listing under way are checked like rows.
func TestKeysOfListings(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 11, Items: 10, ItemSize: 3 << 10})
	before := v.verify(restore.VerifyOptions{})
	key := v.startListing(func(*manifest.Segment) {})
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 || got.Segments != before.Segments+1 || got.Unreferenced != 1 {
		t.Errorf("verification is %+v", got) // the replaced manifest is not referenced
	}
	v.store.Intercept(func(_ context.Context, op, of string) error {
		if op == "get" && of == key {
			return memstore.ErrDenied
		}
		return nil
	})
	if got, err := restore.Verify(t.Context(), v.repo, restore.VerifyOptions{}); err == nil {
		t.Errorf("the keys could not be read; verification is %+v", got)
	}
	v.store.Intercept(nil)
	data := v.read(key)
	for name, damage := range map[string]func(){
		"flipped": func() { v.write(key, append([]byte{data[0] ^ 1}, data[1:]...)) },
		"cut":     func() { v.write(key, data[:len(data)-1]) },
		"missing": func() { _ = v.bucket.Delete(t.Context(), key) },
		"fewer":   func() { v.startListing(func(g *manifest.Segment) { g.Rows++ }) },
	} {
		damage()
		if got := v.verify(restore.VerifyOptions{}); got.Found != 1 || got.Problems[0].Object != key {
			t.Errorf("%s: problems are %v", name, got.Problems)
		}
		v.startListing(func(*manifest.Segment) {})
	}
}
