package simulator_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// BenchmarkWriteItem makes the streams of a realistic mailbox, one after the other.
func BenchmarkWriteItem(b *testing.B) {
	for name, opts := range map[string]simulator.Options{"spread": {Items: 2000}, "small": {Items: 500, ItemSize: 12_000}} {
		b.Run(name, func(b *testing.B) { benchmarkWriteItem(b, opts) })
	}
}

func benchmarkWriteItem(b *testing.B, opts simulator.Options) {
	g := start(b, opts)
	ids := g.ids()
	var total counter
	for _, id := range ids {
		if err := g.sim.WriteItem(&total, g.box.ID, id); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(total))
	for b.Loop() {
		for _, id := range ids {
			if err := g.sim.WriteItem(io.Discard, g.box.ID, id); err != nil {
				b.Fatal(err)
			}
		}
	}
}

// BenchmarkExport asks for 20 items over HTTP.
func BenchmarkExport(b *testing.B) {
	for name, size := range map[string]int64{"small": 15_000, "large": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			g := start(b, simulator.Options{Seed: 1, Items: 20, ItemSize: size})
			body, _ := json.Marshal(map[string]any{"itemIds": g.ids()})
			for b.Loop() {
				resp, err := g.send(http.MethodPost, g.of("/exportItems"), body)
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

// BenchmarkList lists pages of a thousand items.
func BenchmarkList(b *testing.B) {
	g := start(b, simulator.Options{Seed: 1, Items: 100_000})
	for name, query := range map[string]string{
		"plain":      q("$top", "1000"),
		"properties": q("$top", "1000", "$expand", "singleValueExtendedProperties($filter=id eq 'String 0x37' or id eq 'String 0x5d01' or id eq 'SystemTime 0xe06' or id eq 'String 0x1035' or id eq 'Boolean 0xe1b' or id eq 'Binary 0x300b')"),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				resp, err := g.send(http.MethodGet, g.of("/folders/inbox/items")+query, nil)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					b.Fatal(err)
				}
				resp.Body.Close()
			}
		})
	}
}
