package pipeline

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

// framed collects what a framer emits and reads chunks back from it.
type framed struct {
	t      *testing.T
	frames map[*place]*frame
	bytes  int

	encoder *compress.Encoder
}

func newFramed(t *testing.T) (*framed, *framer) {
	encoder, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { encoder.Close() })
	out := &framed{t: t, frames: map[*place]*frame{}, encoder: encoder}
	return out, &framer{
		known:  newChunkSet(),
		emit:   out.emit,
		buffer: func() []byte { return make([]byte, 0, frameBuffer) },
	}
}

func (o *framed) emit(f *frame) error {
	if small := len(f.Raw) <= frameBuffer; cap(f.Raw) > compress.MaxFrame || small && len(f.Chunks) > 1 && cap(f.Raw) != frameBuffer {
		o.t.Errorf("frame of %d bytes in a buffer of %d", len(f.Raw), cap(f.Raw))
	}
	packed := f.Frame
	packed.Compressed = o.encoder.Compress(nil, f.Raw)
	if _, err := compress.NewPackWriter(nil).Add(packed); err != nil {
		o.t.Errorf("frame is not one that a pack takes: %v", err)
	}
	for _, c := range f.Chunks {
		if len(f.Chunks) > 1 && c.Length >= compress.FrameTarget {
			o.t.Errorf("a chunk of %d bytes shares its frame", c.Length)
		}
	}
	o.frames[f.place] = f
	o.bytes += len(f.Raw)
	return nil
}

func (o *framed) read(s stream) []byte {
	var got []byte
	for _, c := range s.chunks {
		f := o.frames[c.place]
		if f == nil {
			o.t.Fatal("a chunk's frame was never emitted")
		}
		chunk := f.Raw[c.offset : c.offset+c.length]
		if manifest.SumOf(chunk) != c.sha256 {
			o.t.Fatal("a chunk is not what its digest says")
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

// put gives the framer a piece as a decoder does: where it tells, or elsewhere.
func put(t *testing.T, f *framer, p []byte) (inPlace bool) {
	t.Helper()
	if room := f.room(len(p) + 8); room != nil {
		inPlace = true
		p = room[:copy(room, p)]
	}
	if err := f.write(p); err != nil {
		t.Fatal(err)
	}
	return inPlace
}

// TestFramerBoundaries writes items of every interesting length, one after
// another, in pieces of several sizes.
func TestFramerBoundaries(t *testing.T) {
	const target, limit = compress.FrameTarget, manifest.MaxChunkLength
	lengths := []int{1, 2, target - 1, target, target + 1, 3, limit - 1, limit, limit + 1, 5, 2*limit - 1, 2 * limit, 2*limit + 1, target / 2, target / 2, 7}
	for _, piece := range []int{4096 + 1, 64 << 10, 3 * limit} {
		rng := rand.New(rand.NewPCG(1, uint64(piece)))
		out, f := newFramed(t)
		var items [][]byte
		var streams []stream
		for _, n := range lengths {
			item := randomBytes(rng, n)
			for rest := item; len(rest) > 0; {
				p := rest[:min(piece, len(rest))]
				put(t, f, p)
				rest = rest[len(p):]
			}
			s, err := f.finish()
			if err != nil {
				t.Fatal(err)
			}
			items, streams = append(items, item), append(streams, s)
		}
		if err := f.flush(); err != nil {
			t.Fatal(err)
		}
		for i, s := range streams {
			if s.length != int64(len(items[i])) || s.sha256 != manifest.SumOf(items[i]) || !bytes.Equal(out.read(s), items[i]) {
				t.Errorf("pieces of %d: item of %d bytes came out differently", piece, len(items[i]))
			}
			if want := (len(items[i]) + limit - 1) / limit; len(s.chunks) != want {
				t.Errorf("item of %d bytes has %d chunks, not %d", len(items[i]), len(s.chunks), want)
			}
		}
	}
}

// TestFramerInPlace: of items as most are, nearly all bytes come to lie where they are
// compressed from without being copied there.
func TestFramerInPlace(t *testing.T) {
	_, f := newFramed(t)
	item := randomBytes(rand.New(rand.NewPCG(3, 3)), 80<<10)
	var all, copied int
	for i := range 100 {
		item[0] = byte(i) // another one
		for rest := item; len(rest) > 0; {
			p := rest[:min(48<<10, len(rest))]
			if !put(t, f, p) {
				copied += len(p)
			}
			all += len(p)
			rest = rest[len(p):]
		}
		if _, err := f.finish(); err != nil {
			t.Fatal(err)
		}
	}
	if copied > all/20 {
		t.Errorf("%d of %d bytes were copied", copied, all)
	}
}

// TestFramerModel writes, finishes and discards at random: what was finished is
// there, and nothing is stored twice.
func TestFramerModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	out, f := newFramed(t)
	pool := make([][]byte, 12)
	for i := range pool {
		pool[i] = randomBytes(rng, 1+rng.IntN([]int{10, 5000, 700 << 10, 9 << 20}[rng.IntN(4)]))
	}
	type done struct {
		want []byte
		got  stream
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
			} else if err := f.write(p); err != nil {
				t.Fatal(err)
			}
		}
		if n < len(item) {
			f.discard()
			continue
		}
		s, err := f.finish()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, done{item, s})
	}
	if err := f.flush(); err != nil {
		t.Fatal(err)
	}
	for _, d := range all {
		if d.got.sha256 != manifest.SumOf(d.want) || !bytes.Equal(out.read(d.got), d.want) {
			t.Errorf("item of %d bytes came out differently", len(d.want))
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
