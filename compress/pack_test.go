package compress_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os/exec"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/compress"
	"github.com/mailhaul/mailhaul/manifest"
)

func testBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32N(uint32(1 + rng.IntN(64))))
	}
	return b
}

// frame joins chunks of the given lengths.
func frame(t *testing.T, enc *compress.Encoder, rng *rand.Rand, lengths ...int) compress.Frame {
	t.Helper()
	var f compress.Frame
	for _, n := range lengths {
		b := testBytes(rng, n)
		f.Chunks = append(f.Chunks, compress.Chunk{SHA256: manifest.SumOf(b), Offset: int64(len(f.Raw)), Length: int64(n)})
		f.Raw = append(f.Raw, b...)
	}
	f.Compressed = enc.Compress(nil, f.Raw)
	return f
}

// testPack returns a pack of several frames and its uncompressed bytes.
func testPack(t *testing.T) (compress.Pack, []byte) {
	t.Helper()
	enc, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { enc.Close() })
	rng := rand.New(rand.NewPCG(1, 2))
	w := compress.NewPackWriter(nil)
	var raw []byte
	for _, lengths := range [][]int{{1}, {5000, 1, 70000}, {compress.MaxFrame}, {2, 3, 4}} {
		f := frame(t, enc, rng, lengths...)
		base, err := w.Add(f)
		if err != nil {
			t.Fatal(err)
		}
		if base != int64(len(raw)) {
			t.Fatalf("frame lies at %d, expected %d", base, len(raw))
		}
		raw = append(raw, f.Raw...)
	}
	p, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return p, raw
}

func open(data []byte) (*compress.PackReader, error) {
	return compress.NewPackReader(bytes.NewReader(data), int64(len(data)))
}

func TestPackRoundTrip(t *testing.T) {
	p, raw := testPack(t)
	if p.SHA256 != manifest.SumOf(p.Data) || p.Raw != int64(len(raw)) {
		t.Errorf("pack is %s of %d", p.SHA256, p.Raw)
	}
	r, err := open(p.Data)
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := r.Verify()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Chunks, chunks); diff != "" {
		t.Errorf("chunk list differs:\n%s", diff)
	}
	for _, c := range chunks {
		got := make([]byte, c.Length)
		if err := r.ReadChunk(got, c.Offset, c.SHA256); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, raw[c.Offset:c.Offset+c.Length]) {
			t.Errorf("chunk at %d differs", c.Offset)
		}
	}
}

// TestPackIsZstd decodes a pack with independent zstd decoders.
func TestPackIsZstd(t *testing.T) {
	p, raw := testPack(t)
	dec, err := zstd.NewReader(bytes.NewReader(p.Data))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	got, err := io.ReadAll(dec)
	if err != nil || !bytes.Equal(got, raw) {
		t.Errorf("streamed %d bytes of %d, %v", len(got), len(raw), err)
	}
	tool, err := exec.LookPath("zstd")
	if err != nil {
		t.Log("the zstd tool is not installed: checked with the Go decoder alone")
		return
	}
	cmd := exec.Command(tool, "-dc")
	cmd.Stdin = bytes.NewReader(p.Data)
	got, err = cmd.Output()
	if err != nil || !bytes.Equal(got, raw) {
		t.Errorf("zstd -dc wrote %d bytes of %d, %v", len(got), len(raw), err)
	}
}

// TestPackBits flips bits of a pack: Verify must return an error and not panic, even if nobody has
// checked the pack's digest.
func TestPackBits(t *testing.T) {
	p, _ := testPack(t)
	chunkList := len(p.Data) - 600
	rng := rand.New(rand.NewPCG(3, 4))
	places := []int{0, 1, 4, 5, chunkList}
	for i := chunkList; i < len(p.Data); i += 5 {
		places = append(places, i)
	}
	for range 40 {
		places = append(places, rng.IntN(len(p.Data)))
	}
	undetected := 0
	for _, i := range places {
		data := bytes.Clone(p.Data)
		data[i] ^= 1 << rng.IntN(8)
		if err := verify(data); err == nil {
			undetected++
		} else if damaged := (*compress.CorruptError)(nil); !errors.As(err, &damaged) {
			t.Fatalf("bit at %d: error is not a CorruptError: %v", i, err)
		}
	}
	// The checksum in the entry of the chunk list, the seek table's magic and
	// the unused bits of its descriptor are nobody's to check but the digest's.
	if limit := 6; undetected > limit {
		t.Errorf("%d of %d flipped bits passed, more than %d", undetected, len(places), limit)
	}
}

func verify(data []byte) error {
	r, err := open(data)
	if err != nil {
		return err
	}
	_, err = r.Verify()
	return err
}

func TestPackCut(t *testing.T) {
	p, _ := testPack(t)
	for _, n := range []int{0, 1, 8, 9, 17, 100, len(p.Data) / 2, len(p.Data) - 1} {
		if verify(p.Data[:n]) == nil {
			t.Errorf("the first %d of %d bytes passed", n, len(p.Data))
		}
		if verify(p.Data[len(p.Data)-n:]) == nil {
			t.Errorf("the last %d of %d bytes passed", n, len(p.Data))
		}
	}
}

func TestReadChunkRefused(t *testing.T) {
	p, raw := testPack(t)
	r, err := open(p.Data)
	if err != nil {
		t.Fatal(err)
	}
	sum := manifest.SumOf(raw[:10])
	for name, c := range map[string]compress.Chunk{
		"other digest": {SHA256: manifest.SumOf(nil), Offset: 0, Length: 10},
		"beyond":       {SHA256: sum, Offset: int64(len(raw)) - 5, Length: 10},
		"far beyond":   {SHA256: sum, Offset: 1 << 62, Length: 10},
		"negative":     {SHA256: sum, Offset: -1, Length: 10},
	} {
		if err := r.ReadChunk(make([]byte, c.Length), c.Offset, c.SHA256); err == nil {
			t.Errorf("%s: chunk was read", name)
		}
	}
}

type brokenReader struct{ err error }

func (b brokenReader) ReadAt([]byte, int64) (int, error) { return 0, b.err }

// TestReaderErrorIsNotDamage: the error of a store is not a CorruptError.
func TestReaderErrorIsNotDamage(t *testing.T) {
	cause := errors.New("connection reset")
	_, err := compress.NewPackReader(brokenReader{cause}, 1000)
	if damaged := (*compress.CorruptError)(nil); errors.As(err, &damaged) || !errors.Is(err, cause) {
		t.Errorf("error is %v", err)
	}
}

// TestFrameRefused checks that a pack refuses frames which have one thing wrong.
func TestFrameRefused(t *testing.T) {
	for name, f := range map[string]compress.Frame{
		"empty":      {},
		"no chunks":  {Raw: []byte("abc")},
		"gap":        {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 1}, {Offset: 2, Length: 2}}},
		"overlap":    {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 2}, {Offset: 1, Length: 1}}},
		"short":      {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 2}}},
		"long":       {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 4}}},
		"too large":  {Raw: make([]byte, compress.MaxFrame+1), Chunks: []compress.Chunk{{Length: compress.MaxFrame + 1}}},
		"zero chunk": {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 3}, {Offset: 3}}},
		"negative":   {Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 4}, {Offset: 4, Length: -1}}},
		"no checksum": {
			Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 3}},
			Compressed: encode(t, []byte("abc"), zstd.WithEncoderCRC(false)),
		},
		"a part": {
			Raw: []byte("abc"), Chunks: []compress.Chunk{{Length: 3}}, Compressed: encode(t, []byte("abc"))[:8],
		},
	} {
		if f.Compressed == nil {
			f.Compressed = encode(t, f.Raw)
		}
		w := compress.NewPackWriter(nil)
		if _, err := w.Add(f); err == nil {
			t.Errorf("%s: frame was accepted", name)
		}
		if _, err := w.Finish(); err == nil {
			t.Errorf("%s: empty pack was finished", name)
		}
	}
}

func encode(t *testing.T, raw []byte, opts ...zstd.EOption) []byte {
	t.Helper()
	enc, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	return enc.EncodeAll(raw, nil)
}

// TestPackFull: a pack of highly compressible or very small items is full before the items that
// wait for it take much memory.
func TestPackFull(t *testing.T) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	zeros := make([]byte, compress.MaxFrame)
	f := compress.Frame{Raw: zeros, Compressed: enc.Compress(nil, zeros),
		Chunks: []compress.Chunk{{SHA256: manifest.SumOf(zeros), Length: compress.MaxFrame}}}
	w := compress.NewPackWriter(nil)
	frames := 0
	for ; !w.Full(); frames++ {
		if _, err := w.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if frames != 64 {
		t.Errorf("pack took %d frames of zeros", frames)
	}
	p, err := w.Finish()
	if err != nil || verify(p.Data) != nil {
		t.Errorf("pack of zeros: %v, %v", err, verify(p.Data))
	}
}

// A padded reader has zeros before the bytes of a pack.
type padded struct {
	zeros int64
	pack  []byte
}

func (p padded) ReadAt(dst []byte, offset int64) (int, error) {
	if offset < p.zeros {
		return len(dst), nil
	}
	return bytes.NewReader(p.pack).ReadAt(dst, offset-p.zeros)
}

// TestPackPadded: a pack that is too long, or has other bytes than frames and lists, is corrupt.
func TestPackPadded(t *testing.T) {
	p, _ := testPack(t)
	if _, err := compress.NewPackReader(padded{compress.MaxPackSize, p.Data}, compress.MaxPackSize+int64(len(p.Data))); !errors.As(err, new(*compress.CorruptError)) {
		t.Errorf("a long pack: %v", err)
	}
	const header, entry, trailer = 8, 12, 9
	frames := int(binary.LittleEndian.Uint32(p.Data[len(p.Data)-trailer:]))
	table := len(p.Data) - trailer - frames*entry - header
	if err := verify(slices.Insert(bytes.Clone(p.Data), table, 1, 2, 3)); !errors.As(err, new(*compress.CorruptError)) {
		t.Errorf("bytes before the seek table: %v", err)
	}
}

// TestPackRefused: a pack with long lists or a large uncompressed size is an error before it takes
// memory.
func TestPackRefused(t *testing.T) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	for name, c := range map[string]struct{ frames, chunks, length int }{
		"uncompressed bytes": {1<<30/compress.MaxFrame + 1, 1, compress.MaxFrame},
		"chunks":             {17, 4096, 1},
		"frames":             {90_000, 1, 1},
	} {
		raw := make([]byte, c.chunks*c.length)
		f := compress.Frame{Raw: raw, Compressed: enc.Compress(nil, raw)}
		for i := range c.chunks {
			f.Chunks = append(f.Chunks, compress.Chunk{SHA256: manifest.SumOf(raw[:c.length]), Offset: int64(i * c.length), Length: int64(c.length)})
		}
		w := compress.NewPackWriter(nil)
		for range c.frames {
			if _, err := w.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		p, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		r, err := open(p.Data)
		if err == nil && name == "chunks" {
			_, err = r.Chunks()
		}
		if !errors.As(err, new(*compress.CorruptError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzPackReader(f *testing.F) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		f.Fatal(err)
	}
	defer enc.Close()
	raw := []byte("hello, pack")
	w := compress.NewPackWriter(nil)
	if _, err := w.Add(compress.Frame{Raw: raw, Compressed: enc.Compress(nil, raw),
		Chunks: []compress.Chunk{{SHA256: manifest.SumOf(raw), Length: int64(len(raw))}}}); err != nil {
		f.Fatal(err)
	}
	p, err := w.Finish()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Data)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := open(data)
		if err != nil {
			return
		}
		chunks, err := r.Verify()
		if err != nil {
			return
		}
		var size int64
		for _, c := range chunks {
			size += c.Length
		}
		if size != r.Size() {
			t.Errorf("chunks cover %d of %d bytes", size, r.Size())
		}
	})
}

func BenchmarkPack(b *testing.B) {
	enc, err := compress.NewEncoder(1)
	if err != nil {
		b.Fatal(err)
	}
	defer enc.Close()
	rng := rand.New(rand.NewPCG(1, 2))
	raw := testBytes(rng, compress.FrameTarget)
	chunks := []compress.Chunk{{SHA256: manifest.SumOf(raw), Length: int64(len(raw))}}
	for _, stage := range []string{"compress", "add"} {
		b.Run(stage, func(b *testing.B) {
			f := compress.Frame{Raw: raw, Compressed: enc.Compress(nil, raw), Chunks: chunks}
			w := compress.NewPackWriter(nil)
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				if stage == "compress" {
					f.Compressed = enc.Compress(f.Compressed[:0], raw)
					continue
				}
				if w.Full() {
					p, err := w.Finish()
					if err != nil {
						b.Fatal(err)
					}
					w = compress.NewPackWriter(p.Data)
				}
				if _, err := w.Add(f); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestPackGrows: a pack's buffer grows with the pack, up to the size of a full one, and can be used
// for the next pack.
func TestPackGrows(t *testing.T) {
	const target = 3 << 20
	rng := rand.New(rand.NewPCG(5, 6))
	raw := make([]byte, compress.FrameTarget)
	for i := range raw {
		raw[i] = byte(rng.Uint32())
	}
	enc, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	f := compress.Frame{Raw: raw, Compressed: enc.Compress(nil, raw),
		Chunks: []compress.Chunk{{SHA256: manifest.SumOf(raw), Length: int64(len(raw))}}}
	var data []byte
	for _, want := range []int{1, 3, 2} {
		w := compress.NewPackWriter(data)
		w.Limit(target)
		frames := 0
		for ; frames < want; frames++ {
			if w.Full() {
				t.Errorf("a pack is full after %d frames", frames)
			}
			if _, err := w.Add(f); err != nil {
				t.Fatal(err)
			}
		}
		p, err := w.Finish()
		if err != nil {
			t.Fatal(err)
		}
		if most := max(4*len(p.Data), 2<<20); cap(p.Data) > most {
			t.Errorf("a pack of %d frames has %d bytes in a buffer of %d", want, len(p.Data), cap(p.Data))
		}
		if err := verify(p.Data); err != nil {
			t.Error(err)
		}
		if want == 3 && !w.Full() {
			t.Error("a pack beyond its limit is not full")
		}
		if data != nil && cap(data) >= len(p.Data) && &data[:1][0] != &p.Data[:1][0] {
			t.Error("a buffer that does is not used")
		}
		data = p.Data
	}
}

// TestPackFits: packs of frames that fit stay within their bounds, and are full only if a frame
// does not fit.
func TestPackFits(t *testing.T) {
	const target = 5 << 20
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	random := make([]byte, compress.MaxFrame)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	enc, err := compress.NewEncoder(1)
	if err != nil {
		t.Fatal(err)
	}
	defer enc.Close()
	w, packs := newLimited(target), 0
	for range 100 {
		raw := random[:1+rng.IntN([]int{100, 1 << 20, compress.MaxFrame}[rng.IntN(3)])]
		f := compress.Frame{Raw: raw, Compressed: enc.Compress(nil, raw)}
		for at := 0; at < len(raw); {
			n := min(1+rng.IntN(len(raw)/3+1), len(raw)-at)
			f.Chunks = append(f.Chunks, compress.Chunk{SHA256: manifest.SumOf(raw[at : at+n]), Offset: int64(at), Length: int64(n)})
			at += n
		}
		if !w.Fits(f) || w.Full() {
			p, err := w.Finish()
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Data) > target+compress.PackExcess || cap(p.Data) > target+compress.PackExcess || len(p.Data) < target-compress.MaxFrame {
				t.Errorf("a pack has %d bytes in a buffer of %d", len(p.Data), cap(p.Data))
			}
			if err := verify(p.Data); err != nil {
				t.Error(err)
			}
			packs++
			w = newLimited(target)
		}
		if _, err := w.Add(f); err != nil {
			t.Fatal(err)
		}
	}
	if packs < 10 {
		t.Errorf("%d packs", packs)
	}
}

func newLimited(target int) *compress.PackWriter {
	w := compress.NewPackWriter(nil)
	w.Limit(target)
	return w
}
