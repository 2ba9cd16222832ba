package compress_test

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// TestChunkList: a list with a gap, an overlap, or another end than the pack's is an error.
func TestChunkList(t *testing.T) {
	d := manifest.SumOf(nil)
	honest := []compress.Chunk{{SHA256: d, Length: 5}, {SHA256: d, Offset: 5, Length: compress.MaxFrame}, {SHA256: d, Offset: 5 + compress.MaxFrame, Length: 1}}
	const size = 5 + compress.MaxFrame + 1
	le := binary.LittleEndian
	for name, c := range map[string]struct {
		size   int64
		chunks func(c []compress.Chunk) []compress.Chunk
		bytes  func(b []byte) []byte
	}{
		"short of the pack": {size: size + 1},
		"beyond the pack":   {size: size - 1},
		"gap":               {size: size + 1, chunks: func(c []compress.Chunk) []compress.Chunk { c[2].Offset++; return c }},
		"gap, right size":   {chunks: func(c []compress.Chunk) []compress.Chunk { c[2].Offset++; return c }},
		"overlap":           {chunks: func(c []compress.Chunk) []compress.Chunk { c[1].Offset--; return c }},
		"negative offset":   {chunks: func(c []compress.Chunk) []compress.Chunk { c[0].Offset = -1; return c }},
		"no length": {chunks: func(c []compress.Chunk) []compress.Chunk {
			return slices.Insert(c, 1, compress.Chunk{SHA256: d, Offset: 5})
		}},
		"too long": {size: size + 1, chunks: func(c []compress.Chunk) []compress.Chunk { c[1].Length++; c[2].Offset++; return c }},
		"magic":    {bytes: func(b []byte) []byte { b[0]++; return b }},
		"identity": {bytes: func(b []byte) []byte { b[8]++; return b }},
		"version":  {bytes: func(b []byte) []byte { le.PutUint32(b[12:], 2); return b }},
		"more":     {bytes: func(b []byte) []byte { le.PutUint32(b[16:], 4); return b }},
		"fewer":    {bytes: func(b []byte) []byte { le.PutUint32(b[16:], 2); return b }},
		"many":     {bytes: func(b []byte) []byte { le.PutUint32(b[16:], 1<<32-1); return b }},
		"cut":      {bytes: func(b []byte) []byte { le.PutUint32(b[4:], uint32(len(b)-9)); return b[:len(b)-1] }},
		"header":   {bytes: func(b []byte) []byte { return b[:10] }},
	} {
		chunks := slices.Clone(honest)
		if c.chunks != nil {
			chunks = c.chunks(chunks)
		}
		data := compress.AppendChunkList(nil, chunks)
		if c.bytes != nil {
			data = c.bytes(data)
		}
		if c.size == 0 {
			c.size = size
		}
		if _, err := compress.ParseChunkList(data, c.size); !errors.As(err, new(*compress.CorruptError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got, err := compress.ParseChunkList(compress.AppendChunkList(nil, honest), size); err != nil || !slices.Equal(got, honest) {
		t.Errorf("the correct list: %v, %v", got, err)
	}
}

// TestSeekTable: the sizes of frames are bounded before memory is taken for them.
func TestSeekTable(t *testing.T) {
	p, raw := testPack(t)
	const entry, trailer = 12, 9
	le := binary.LittleEndian
	frames := int(le.Uint32(p.Data[len(p.Data)-trailer:]))
	table := len(p.Data) - trailer - frames*entry
	for name, at := range map[string]int{"compressed": 0, "uncompressed": 4} {
		data := slices.Clone(p.Data)
		le.PutUint32(data[table+at:], 2*compress.MaxFrame)
		r, err := open(data)
		if err == nil {
			err = r.ReadChunk(make([]byte, 1), 0, manifest.SumOf(raw[:1]))
		}
		if !errors.As(err, new(*compress.CorruptError)) || !strings.Contains(err.Error(), "frame of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
