package simulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// exportAll exports items, twenty at a time, and returns the responses.
func (g *client) exportAll(ids []string) [][]byte {
	g.t.Helper()
	var all [][]byte
	for batch := range slices.Chunk(ids, 20) {
		body, err := json.Marshal(map[string]any{"itemIds": batch})
		if err != nil {
			g.t.Fatal(err)
		}
		status, _, text := g.do(http.MethodPost, g.inMailbox("/exportItems"), body)
		if status != http.StatusOK {
			g.t.Fatalf("status is %d", status)
		}
		// Two servers differ in the host alone.
		all = append(all, bytes.ReplaceAll(text, []byte(strings.TrimSuffix(g.url, "/v1.0")), nil))
	}
	return all
}

// TestPrepared checks that prepared answers equal those made on request, and that no two items are
// equal.
func TestPrepared(t *testing.T) {
	opts := simulator.Options{Seed: 5, Items: 300, Mailboxes: 2, Archives: true, MaxItemSize: 400_000}
	plain, ready := start(t, opts), start(t, opts)
	content, err := ready.sim.Prepare(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(2 * (300 + 300/4)); content.Items != want {
		t.Errorf("%d items were prepared, want %d", content.Items, want)
	}
	ids := ready.ids()
	got, want := ready.exportAll(ids), plain.exportAll(ids)
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("response %d differs: %d and %d bytes", i, len(got[i]), len(want[i]))
		}
	}
	if got, want := ready.sim.Stats(), plain.sim.Stats(); got.Items != 300 || got.Bytes != want.Bytes {
		t.Errorf("%d items of %d bytes were counted, want 300 of %d", got.Items, got.Bytes, want.Bytes)
	}
	var length int64
	seen := map[[sha256.Size]byte]bool{}
	for _, m := range ready.sim.Mailboxes() {
		for _, id := range []string{m.ID, m.ArchiveID} {
			for it := range ready.sim.Items(id) {
				var b bytes.Buffer
				if err := ready.sim.WriteItem(&b, id, it.ID); err != nil {
					t.Fatal(err)
				}
				length += int64(b.Len())
				seen[sha256.Sum256(b.Bytes())] = true
			}
		}
	}
	if content.Bytes != length || int64(len(seen)) != content.Items {
		t.Errorf("%+v prepared; there are %d bytes, %d different items", content, length, len(seen))
	}
}

// TestPreparedChanges checks that items which changed since are exported as they are now.
func TestPreparedChanges(t *testing.T) {
	opts := simulator.Options{Seed: 6, Items: 40, ItemSize: 5000}
	plain, ready := start(t, opts), start(t, opts)
	if _, err := ready.sim.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids := ready.ids()[:20]
	before := ready.exportAll(ids)
	for _, g := range []*client{plain, ready} {
		if err := g.sim.Touch(g.box.ID, ids[3]); err != nil {
			t.Fatal(err)
		}
		if err := g.sim.Delete(g.box.ID, ids[4]); err != nil {
			t.Fatal(err)
		}
	}
	got, want := ready.exportAll(ids), plain.exportAll(ids)
	if !bytes.Equal(got[0], want[0]) || bytes.Equal(got[0], before[0]) {
		t.Error("the response does not show the changes")
	}
	for _, g := range []*client{plain, ready} {
		g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Odd: true})
	}
	if got, want := ready.exportAll(ids), plain.exportAll(ids); !bytes.Equal(got[0], want[0]) {
		t.Error("the fault had no effect")
	}
}

func TestPrepareCancelled(t *testing.T) {
	sim, err := simulator.New(simulator.Options{Items: 5})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := sim.Prepare(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
}

// BenchmarkPrepare prepares a realistic mailbox.
func BenchmarkPrepare(b *testing.B) {
	for b.Loop() {
		sim, err := simulator.New(simulator.Options{Seed: 1, Items: 2000})
		if err != nil {
			b.Fatal(err)
		}
		content, err := sim.Prepare(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(content.Bytes)
	}
}
