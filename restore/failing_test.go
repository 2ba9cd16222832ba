package restore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mailhaul/mailhaul/internal/memstore"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
)

// stray stores the objects of another repository except its refs: no snapshot refers to them.
func (v *vault) stray() (keys []string) {
	v.t.Helper()
	other := newVault(v.t, simulator.Options{Seed: 60, Items: 5, ItemSize: 3 << 10})
	for _, key := range slices.Concat(other.keys("packs/"), other.keys("manifests/")) {
		v.write(key, other.read(key))
		keys = append(keys, key)
	}
	return keys
}

// TestUnreferenced: objects that no snapshot needs are counted, and are a problem only if damaged.
func TestUnreferenced(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 6, Items: 20, ItemSize: 3 << 10})
	keys := v.stray()
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 || int(got.Unreferenced) != len(keys) {
		t.Errorf("%d objects are stray; verification is %+v", len(keys), got)
	}
	if got := v.verify(restore.VerifyOptions{Mailboxes: []string{v.mailbox}}); got.Found != 0 || got.Unreferenced != 0 {
		t.Errorf("verification of the mailbox is %+v", got)
	}
	for _, key := range keys {
		data := v.read(key)
		v.write(key, slices.Concat(data[:len(data)-1], []byte{data[len(data)-1] ^ 1}))
		got := v.verify(restore.VerifyOptions{})
		if got.Found != 1 || got.Problems[0].Object != key || int(got.Unreferenced) != len(keys) {
			t.Errorf("%s is damaged; verification is %+v", key, got)
		}
		v.write(key, data)
	}
}

// TestVerifyEveryCallFails: whichever call to the store fails, the verification is an error.
func TestVerifyEveryCallFails(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 5, Items: 20, ItemSize: 3 << 10})
	v.stray()
	for name, opts := range map[string]restore.VerifyOptions{
		"all": {}, "without data": {SkipData: true}, "a mailbox": {Mailboxes: []string{v.mailbox}},
	} {
		calls := v.fail(-1, opts, name)
		for n := range calls {
			v.fail(n, opts, name)
		}
		if calls < 10 {
			t.Errorf("%s: %d calls", name, calls)
		}
	}
}

// fail verifies while the nth call to the store fails, and returns how many calls there were.
func (v *vault) fail(n int, opts restore.VerifyOptions, name string) (calls int) {
	v.t.Helper()
	var mu sync.Mutex
	var failed string
	v.store.Intercept(func(_ context.Context, op, key string) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls-1 != n {
			return nil
		}
		failed = op + " " + key
		return memstore.ErrDenied
	})
	defer v.store.Intercept(nil)
	got, err := restore.Verify(v.t.Context(), v.repo, opts)
	if (err != nil) != (n >= 0) {
		v.t.Errorf("%s, while %q fails: %+v, %v", name, failed, got, err)
	}
	return calls
}

// TestManyProblems: all problems are counted, and some of them listed.
func TestManyProblems(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 7, Items: 5, ItemSize: 3 << 10})
	_, rows := v.latest()
	lost := rows[0]
	lost.Chunks = slices.Clone(lost.Chunks)
	lost.Chunks[0].Pack = manifest.SumOf(nil)
	rows = nil
	for i := range 1001 {
		lost.ID = fmt.Sprint(i)
		rows = append(rows, lost)
	}
	v.replaceRows(rows)
	if got := v.verify(restore.VerifyOptions{}); got.Found != 1001 || len(got.Problems) != 1000 {
		t.Errorf("%d of %d problems are listed", len(got.Problems), got.Found)
	}
}

// A fullDisk accepts as many bytes as it has room for.
type fullDisk struct{ room int }

func (f *fullDisk) Write(p []byte) (int, error) {
	if len(p) > f.room {
		return f.room, fs.ErrInvalid
	}
	f.room -= len(p)
	return len(p), nil
}

// TestFullDisk: an item whose bytes cannot be written is not extracted.
func TestFullDisk(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 8, Items: 5, ItemSize: 3 << 10})
	_, rows := v.latest()
	row := rows[0]
	if err := restore.WriteItem(t.Context(), v.repo, &fullDisk{int(row.Length)}, &row); err != nil {
		t.Error(err)
	}
	if err := restore.WriteItem(t.Context(), v.repo, &fullDisk{int(row.Length) - 1}, &row); !errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), row.ID) {
		t.Errorf("error is %v", err)
	}
}

// TestItemOfChunks: an item is the concatenation of its chunks, and its digest covers all of them.
func TestItemOfChunks(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 9, Items: 5, ItemSize: 3 << 10})
	_, rows := v.latest()
	var want bytes.Buffer
	parts := manifest.Row{ID: "parts", Folder: rows[0].Folder}
	for i := range rows[:3] {
		if err := restore.WriteItem(t.Context(), v.repo, &want, &rows[i]); err != nil {
			t.Fatal(err)
		}
		parts.Chunks, parts.Length = append(parts.Chunks, rows[i].Chunks...), parts.Length+rows[i].Length
	}
	parts.SHA256 = manifest.SumOf(want.Bytes())
	v.replaceRows([]manifest.Row{parts})
	if got := v.verify(restore.VerifyOptions{}); got.Found != 0 {
		t.Errorf("problems are %v", got.Problems)
	}
	var got bytes.Buffer
	if err := restore.WriteItem(t.Context(), v.repo, &got, &parts); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%d of %d bytes, %v", got.Len(), want.Len(), err)
	}
	parts.SHA256 = manifest.SumOf(nil)
	key := v.replaceRows([]manifest.Row{parts})
	if got := v.verify(restore.VerifyOptions{}); got.Found != 1 || got.Problems[0].Object != key {
		t.Errorf("problems are %v", got.Problems)
	}
	if err := restore.WriteItem(t.Context(), v.repo, &got, &parts); err == nil {
		t.Error("an item with another digest was written")
	}
}

// TestMissingItems: items that the snapshot does not hold are named in order.
func TestMissingItems(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 9, Items: 5, ItemSize: 3 << 10})
	s, _ := v.latest()
	ids := []string{"h", "b", "g", "a", "f", "c", "e", "d"}
	err := restore.Extract(t.Context(), v.repo, s, t.TempDir(), ids, func(restore.Extracted) error { return nil })
	if !errors.Is(err, restore.ErrNoItem) || !strings.Contains(err.Error(), "a, b, c, d, e, f, g, h") {
		t.Errorf("error is %v", err)
	}
}
