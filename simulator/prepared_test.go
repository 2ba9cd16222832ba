package simulator_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mailhaul/mailhaul/simulator"
)

// exported asks for items, twenty at a time, and returns the responses.
func (g *graph) exported(ids []string) [][]byte {
	g.t.Helper()
	var all [][]byte
	for batch := range slices.Chunk(ids, 20) {
		body, err := json.Marshal(map[string]any{"itemIds": batch})
		if err != nil {
			g.t.Fatal(err)
		}
		status, _, text := g.do(http.MethodPost, g.of("/exportItems"), body)
		if status != http.StatusOK {
			g.t.Fatalf("status is %d", status)
		}
		// The host is the only thing that two servers differ in.
		all = append(all, bytes.ReplaceAll(text, []byte(strings.TrimSuffix(g.url, "/v1.0")), nil))
	}
	return all
}

// TestPrepared: what was prepared is what the server would have made, byte for byte, and so of the same sizes and as
// compressible; and no two items are the same.
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
	got, want := ready.exported(ids), plain.exported(ids)
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

// TestPreparedChanges: what changed since is made as it is now.
func TestPreparedChanges(t *testing.T) {
	opts := simulator.Options{Seed: 6, Items: 40, ItemSize: 5000}
	plain, ready := start(t, opts), start(t, opts)
	if _, err := ready.sim.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	ids := ready.ids()[:20]
	before := ready.exported(ids)
	for _, g := range []*graph{plain, ready} {
		if err := g.sim.Touch(g.box.ID, ids[3]); err != nil {
			t.Fatal(err)
		}
		if err := g.sim.Delete(g.box.ID, ids[4]); err != nil {
			t.Fatal(err)
		}
	}
	got, want := ready.exported(ids), plain.exported(ids)
	if !bytes.Equal(got[0], want[0]) || bytes.Equal(got[0], before[0]) {
		t.Error("the response is not that of the mailbox as it is now")
	}
	for _, g := range []*graph{plain, ready} {
		g.sim.Inject(simulator.Fault{Operation: simulator.OpExport, Odd: true})
	}
	if got, want := ready.exported(ids), plain.exported(ids); !bytes.Equal(got[0], want[0]) {
		t.Error("an odd response is not odd")
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

// TestPace: a response takes the latency, and the time that its bytes need at the rate.
func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sim, err := simulator.New(simulator.Options{Items: 2000, Latency: 80 * time.Millisecond, ResponseRate: 100_000})
		if err != nil {
			t.Fatal(err)
		}
		box := sim.Mailboxes()[0].ID
		var sent int64
		for _, top := range []string{"1", "1000"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/v1.0/admin/exchange/mailboxes/"+box+"/folders/inbox/items?$top="+top, nil)
			w := httptest.NewRecorder()
			began := time.Now()
			sim.ServeHTTP(w, r)
			took := time.Since(began)
			if sent += int64(w.Body.Len()); sim.Stats().Sent != sent {
				t.Errorf("%d bytes were counted, want %d", sim.Stats().Sent, sent)
			}
			want := 80*time.Millisecond + time.Duration(w.Body.Len())*10*time.Microsecond
			if w.Code != http.StatusOK || (took-want).Abs() > time.Microsecond {
				t.Errorf("%s items: status %d, %d bytes took %v, want %v", top, w.Code, w.Body.Len(), took, want)
			}
		}
	})
}

// BenchmarkPrepare makes all responses of a realistic mailbox.
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
