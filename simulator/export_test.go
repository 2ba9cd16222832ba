package simulator_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

func TestExport(t *testing.T) {
	g := start(t, simulator.Options{Seed: 2, Items: 300, MaxItemSize: 100_000})
	ids := g.ids()
	keys := map[string]string{}
	for it := range g.sim.Items(g.box.ID) {
		keys[it.ID] = it.ChangeKey
	}
	for chunk := range slices.Chunk(ids, 20) {
		got := g.export(chunk...)
		if len(got) != len(chunk) {
			t.Fatalf("%d items came back of %d", len(got), len(chunk))
		}
		for i, e := range got {
			if e.ItemID != chunk[i] || e.Error != nil || e.ChangeKey != keys[e.ItemID] || !bytes.Equal(e.Data, g.stream(e.ItemID)) {
				t.Fatalf("item %s came back as %s with %d bytes, error %v", chunk[i], e.ItemID, len(e.Data), e.Error)
			}
		}
	}
	if s := g.sim.Stats(); s.Items != 300 || s.Requests[simulator.OpExport] != 15 || s.Statuses[200] != 15 || s.Total() != 15 {
		t.Errorf("stats are %+v", s)
	}

	if err := g.sim.Delete(g.box.ID, ids[3]); err != nil {
		t.Fatal(err)
	}
	got := g.export(ids[3], "nonsense", ids[4], strings.ToLower(ids[5]))
	codes := []string{"ErrorItemNotFound", "ErrorInvalidIdMalformed", "", "ErrorItemNotFound"}
	for i, e := range got {
		code := ""
		if e.Error != nil {
			code = e.Error.Code
		}
		if code != codes[i] || (e.Data == nil) != (code != "") {
			t.Errorf("item %d came back with code %q and %d bytes", i, code, len(e.Data))
		}
	}
}

// BenchmarkExport exports 20 items over HTTP.
func BenchmarkExport(b *testing.B) {
	for name, size := range map[string]int64{"small": 15_000, "large": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			g := start(b, simulator.Options{Seed: 1, Items: 20, ItemSize: size})
			body, _ := json.Marshal(map[string]any{"itemIds": g.ids()})
			for b.Loop() {
				resp, err := g.send(http.MethodPost, g.inMailbox("/exportItems"), body)
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, resp.Body)
				if err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
				b.SetBytes(n)
			}
		})
	}
}
