package manifest_test

import (
	"math"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
)

// twoChunks returns a row whose stream is longer than one chunk may be.
func twoChunks() manifest.Row {
	pack := manifest.SumOf([]byte("pack"))
	return manifest.Row{
		ID: "x", Folder: "f", SHA256: manifest.SumOf([]byte("stream")), Length: manifest.MaxChunkLength + 1,
		Chunks: []manifest.Chunk{
			{Pack: pack, Offset: 0, Length: manifest.MaxChunkLength, SHA256: manifest.SumOf([]byte("first"))},
			{Pack: pack, Offset: math.MaxInt64 - 1, Length: 1, SHA256: manifest.SumOf([]byte("second"))},
		},
	}
}

func tombstone() manifest.Row {
	return manifest.Row{ID: "x", Folder: "f", Removed: manifest.RemovedDeleted}
}

// TestRowAtItsBounds: a row may be all that the format allows, and not one more.
func TestRowAtItsBounds(t *testing.T) {
	for name, row := range map[string]manifest.Row{"two chunks": twoChunks(), "tombstone": tombstone()} {
		if err := row.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*manifest.Row){
		"no digest":             func(r *manifest.Row) { r.SHA256 = manifest.Digest{} },
		"no pack":               func(r *manifest.Row) { r.Chunks[1].Pack = manifest.Digest{} },
		"no digest of a chunk":  func(r *manifest.Row) { r.Chunks[1].SHA256 = manifest.Digest{} },
		"chunk of nothing":      func(r *manifest.Row) { r.Chunks[1].Length, r.Length = 0, r.Length-1 },
		"chunk of less":         func(r *manifest.Row) { r.Chunks[1].Length, r.Length = -1, r.Length-2 },
		"chunk too long":        func(r *manifest.Row) { r.Chunks[0].Length++; r.Length++ },
		"offset before a pack":  func(r *manifest.Row) { r.Chunks[0].Offset = -1 },
		"end behind all bytes":  func(r *manifest.Row) { r.Chunks[1].Offset++ },
		"chunks longer than it": func(r *manifest.Row) { r.Length-- },
		"sum that wraps around": func(r *manifest.Row) { r.Length = math.MinInt64 },
	} {
		row := twoChunks()
		if change(&row); row.Check() == nil {
			t.Errorf("%s: %+v was taken", name, row)
		}
	}
	for name, change := range map[string]func(*manifest.Row){
		"length": func(r *manifest.Row) { r.Length = 1 },
		"chunks": func(r *manifest.Row) { r.Chunks = twoChunks().Chunks },
		"digest": func(r *manifest.Row) { r.SHA256 = manifest.SumOf(nil) },
	} {
		row := tombstone()
		if change(&row); row.Check() == nil {
			t.Errorf("tombstone with %s was taken", name)
		}
	}
}

// TestKeyOf: items of different folders have different keys, wherever one id ends and the other
// begins.
func TestKeyOf(t *testing.T) {
	keys := map[manifest.RowKey][2]string{}
	for _, of := range [][2]string{{"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}, {"b", "c"}, {"c", "ab"}} {
		key := manifest.KeyOf(of[0], of[1])
		if other, there := keys[key]; there {
			t.Errorf("%q and %q have the same key", of, other)
		}
		keys[key] = of
	}
}
