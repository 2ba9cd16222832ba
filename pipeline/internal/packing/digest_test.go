package packing

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// A collector collects the frames that a framer emits, and reads chunks back from them.
type collector struct {
	t      *testing.T
	frames map[*FrameLocation]*frame
	bytes  int

	encoder *compress.Encoder
}

func newCollector(t *testing.T) (*collector, *Framer) {
	encoder, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { encoder.Close() })
	out := &collector{t: t, frames: map[*FrameLocation]*frame{}, encoder: encoder}
	return out, &Framer{
		known:  newChunkSet(),
		emit:   out.emit,
		buffer: func() []byte { return make([]byte, 0, frameBuffer) },
	}
}

func (o *collector) emit(f *frame) error {
	if small := len(f.Raw) <= frameBuffer; cap(f.Raw) > compress.MaxFrame || small && len(f.Chunks) > 1 && cap(f.Raw) != frameBuffer {
		o.t.Errorf("frame of %d bytes in a buffer of %d", len(f.Raw), cap(f.Raw))
	}
	packed := f.Frame
	packed.Compressed = o.encoder.Compress(nil, f.Raw)
	if _, err := compress.NewPackWriter(nil).Add(packed); err != nil {
		o.t.Errorf("a pack refuses the frame: %v", err)
	}
	for _, c := range f.Chunks {
		if len(f.Chunks) > 1 && c.Length >= compress.FrameTarget {
			o.t.Errorf("a chunk of %d bytes shares its frame", c.Length)
		}
	}
	o.frames[f.location] = f
	o.bytes += len(f.Raw)
	return nil
}

func (o *collector) read(s Stream) []byte {
	var got []byte
	for _, c := range s.Chunks {
		f := o.frames[c.Frame]
		if f == nil {
			o.t.Fatal("a chunk's frame was never emitted")
		}
		chunk := f.Raw[c.offset : c.offset+c.length]
		if manifest.SumOf(chunk) != c.sha256 {
			o.t.Fatal("a chunk does not match its digest")
		}
		got = append(got, chunk...)
	}
	return got
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := 0; i < n; i += 8 {
		v := rng.Uint64()
		for j := i; j < min(i+8, n); j++ {
			b[j] = byte(v)
			v >>= 8
		}
	}
	return b
}

// put writes a piece as a decoder does: in the framer's room, if there is any.
func put(t *testing.T, f *Framer, p []byte) (inPlace bool) {
	t.Helper()
	if room := f.Room(len(p) + 8); room != nil {
		inPlace = true
		p = room[:copy(room, p)]
	}
	if err := f.Write(p); err != nil {
		t.Fatal(err)
	}
	return inPlace
}

// TestFramerBoundaries writes items of every boundary length, one after another, in pieces of
// several sizes.
func TestFramerBoundaries(t *testing.T) {
	const target, limit = compress.FrameTarget, manifest.MaxChunkLength
	lengths := []int{1, 2, target - 1, target, target + 1, 3, limit - 1, limit, limit + 1, 5, 2*limit - 1, 2 * limit, 2*limit + 1, target / 2, target / 2, 7}
	for _, piece := range []int{4096 + 1, 64 << 10, 3 * limit} {
		rng := rand.New(rand.NewPCG(1, uint64(piece)))
		out, f := newCollector(t)
		var items [][]byte
		var streams []Stream
		for _, n := range lengths {
			item := randomBytes(rng, n)
			for rest := item; len(rest) > 0; {
				p := rest[:min(piece, len(rest))]
				put(t, f, p)
				rest = rest[len(p):]
			}
			s, err := f.Finish()
			if err != nil {
				t.Fatal(err)
			}
			items, streams = append(items, item), append(streams, s)
		}
		if err := f.Flush(); err != nil {
			t.Fatal(err)
		}
		for i, s := range streams {
			if s.Length != int64(len(items[i])) || s.SHA256 != manifest.SumOf(items[i]) || !bytes.Equal(out.read(s), items[i]) {
				t.Errorf("pieces of %d: item of %d bytes was changed", piece, len(items[i]))
			}
			if want := (len(items[i]) + limit - 1) / limit; len(s.Chunks) != want {
				t.Errorf("item of %d bytes has %d chunks, not %d", len(items[i]), len(s.Chunks), want)
			}
		}
	}
}

// TestFramerInPlace: nearly all bytes of items of common sizes are decoded into their frame and
// not copied.
func TestFramerInPlace(t *testing.T) {
	_, f := newCollector(t)
	item := randomBytes(rand.New(rand.NewPCG(3, 3)), 80<<10)
	var all, copied int
	for i := range 100 {
		item[0] = byte(i) // a different item
		for rest := item; len(rest) > 0; {
			p := rest[:min(48<<10, len(rest))]
			if !put(t, f, p) {
				copied += len(p)
			}
			all += len(p)
			rest = rest[len(p):]
		}
		if _, err := f.Finish(); err != nil {
			t.Fatal(err)
		}
	}
	if copied > all/20 {
		t.Errorf("%d of %d bytes were copied", copied, all)
	}
}

// TestFramerModel writes, finishes and discards at random: finished items are complete, and no
// chunk is stored twice.
func TestFramerModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	out, f := newCollector(t)
	pool := make([][]byte, 12)
	for i := range pool {
		pool[i] = randomBytes(rng, 1+rng.IntN([]int{10, 5000, 700 << 10, 9 << 20}[rng.IntN(4)]))
	}
	type done struct {
		want []byte
		got  Stream
	}
	var all []done
	for range 120 {
		item := pool[rng.IntN(len(pool))]
		n := len(item)
		if rng.IntN(4) == 0 {
			n = rng.IntN(n + 1)
		}
		for rest := item[:n]; len(rest) > 0; {
			p := rest[:1+rng.IntN(min(len(rest), 100_000))]
			if rest = rest[len(p):]; rng.IntN(2) == 0 {
				put(t, f, p)
			} else if err := f.Write(p); err != nil {
				t.Fatal(err)
			}
		}
		if n < len(item) {
			f.Discard()
			continue
		}
		s, err := f.Finish()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, done{item, s})
	}
	if err := f.Flush(); err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.got.SHA256 != manifest.SumOf(d.want) || !bytes.Equal(out.read(d.got), d.want) {
			t.Errorf("item of %d bytes was changed", len(d.want))
		}
	}
	seen := map[manifest.Digest]bool{}
	for _, fr := range out.frames {
		for _, c := range fr.Chunks {
			if seen[c.SHA256] {
				t.Errorf("chunk %s was stored twice", c.SHA256)
			}
			seen[c.SHA256] = true
		}
	}
}
