package simulator_test

import (
	"compress/flate"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/bits"
	"runtime"
	"slices"
	"testing"

	"github.com/mailhaul/mailhaul/simulator"
)

// golden is the digest of everything that a seed makes: folders, items and their streams. It
// changes only if content is meant to change.
const golden = "4ed61d8c55cecf3d9c3ec95b0c25353ff16bd322ff3944cd8185f70d314d344a"

func TestSameSeedSameBytes(t *testing.T) {
	digest := func(seed uint64) string {
		g := start(t, simulator.Options{Seed: seed, Items: 200, MaxItemSize: 200_000})
		h := sha256.New()
		for _, f := range g.sim.Folders(g.box.ID) {
			io.WriteString(h, f.ID+f.DisplayName)
		}
		for it := range g.sim.Items(g.box.ID) {
			io.WriteString(h, it.ID+it.ChangeKey+it.Type)
			if err := g.sim.WriteItem(h, g.box.ID, it.ID); err != nil {
				t.Fatal(err)
			}
		}
		return hex.EncodeToString(h.Sum(nil))
	}
	if got := digest(42); got != golden {
		t.Errorf("seed 42 makes %s, want %s", got, golden)
	}
	if digest(43) == golden {
		t.Error("seed 43 makes what seed 42 does")
	}
}

// TestStreams parses every stream of a mailbox and looks for the parts of mail.
func TestStreams(t *testing.T) {
	g := start(t, simulator.Options{Seed: 9, Items: 1000, MaxItemSize: 150_000})
	classes := map[string]int{}
	var sum message
	bodies := map[string]int{}
	subjects := map[string]bool{}
	keys := map[string]bool{}
	for it := range g.sim.Items(g.box.ID) {
		m := parseStream(t, g.stream(it.ID))
		if m.properties["String 0x1a"] != it.Type {
			t.Fatalf("class is %q, want %q", m.properties["String 0x1a"], it.Type)
		}
		classes[it.Type]++
		sum.recipients += m.recipients
		sum.attachments += m.attachments
		sum.embedded += m.embedded
		for _, id := range []string{"Binary 0x1013", "String 0x1000", "String 0x7d"} {
			if m.properties[id] != "" {
				bodies[id]++
			}
		}
		if (m.properties["Boolean 0xe1b"] == "true") != (m.attachments > 0) {
			t.Fatalf("has attachments is %s, there are %d", m.properties["Boolean 0xe1b"], m.attachments)
		}
		subjects[m.properties["String 0x37"]] = true
		keys[m.properties["Binary 0x300b"]] = true
	}
	for _, class := range []string{"IPM.Note", "IPM.Appointment", "IPM.Contact", "IPM.Task", "IPM.Schedule.Meeting.Request"} {
		if classes[class] == 0 {
			t.Errorf("there is no %s: %v", class, classes)
		}
	}
	if sum.recipients < 1000 || sum.attachments < 350 || sum.embedded < 20 || len(subjects) < 950 || len(keys) != 1000 {
		t.Errorf("%+v, %d subjects, %d search keys", sum, len(subjects), len(keys))
	}
	if bodies["Binary 0x1013"]+bodies["String 0x1000"] != 1000 || bodies["String 0x1000"] < 100 || bodies["String 0x7d"] < 300 {
		t.Errorf("bodies are %v", bodies)
	}
}

// TestSizes checks that half of the items are below 20 KB, few are large, and few listed sizes are
// far too small.
func TestSizes(t *testing.T) {
	g := start(t, simulator.Options{Seed: 10, Items: 2000, MaxItemSize: 2 << 20})
	var lengths []int64
	var total int64
	off := 0
	for it := range g.sim.Items(g.box.ID) {
		var n counter
		if err := g.sim.WriteItem(&n, g.box.ID, it.ID); err != nil {
			t.Fatal(err)
		}
		lengths = append(lengths, int64(n))
		total += int64(n)
		if int64(n) > 10*it.Size {
			off++
		}
	}
	slices.Sort(lengths)
	at := func(percent int) int64 { return lengths[len(lengths)*percent/100] }
	if at(50) < 8_000 || at(50) > 22_000 || at(95) < 60_000 || at(99) < 250_000 || lengths[0] < 2_000 || at(99)*4 < at(50) || lengths[1999] > 3<<20 {
		t.Errorf("lengths are %d, %d, %d, %d, %d", lengths[0], at(50), at(95), at(99), lengths[1999])
	}
	if mean := total / 2000; mean < 30_000 || mean > 90_000 {
		t.Errorf("the mean length is %d", mean)
	}
	if off < 20 || off > 150 {
		t.Errorf("%d of 2000 items are far larger than listed", off)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// TestItemSize checks that items are about as long as ItemSize says, and compress as mail does.
func TestItemSize(t *testing.T) {
	for size, items := range map[int64]int{4_000: 40, 20_000: 40, 300_000: 20, 5 << 20: 2} {
		g := start(t, simulator.Options{Items: items, ItemSize: size})
		for it := range g.sim.Items(g.box.ID) {
			var n counter
			if err := g.sim.WriteItem(&n, g.box.ID, it.ID); err != nil {
				t.Fatal(err)
			}
			if int64(n) < size*8/10-1500 || int64(n) > size*12/10+1500 {
				t.Errorf("an item of %d bytes has %d", size, n)
			}
		}
	}
	g := start(t, simulator.Options{Items: 300, MaxItemSize: 60_000})
	var plain, packed counter
	z, _ := flate.NewWriter(&packed, 5)
	for _, id := range g.ids() {
		if err := g.sim.WriteItem(io.MultiWriter(&plain, z), g.box.ID, id); err != nil {
			t.Fatal(err)
		}
	}
	z.Close()
	if ratio := float64(plain) / float64(packed); ratio < 1.5 || ratio > 5 {
		t.Errorf("items compress %.2f times", ratio)
	}
}

// TestFlatMemory checks that neither the number of items nor the size of one takes memory.
func TestFlatMemory(t *testing.T) {
	g := start(t, simulator.Options{Items: 1_000_000, ItemSize: 24 << 20})
	before := heap()
	most := uint64(0)
	n := 0
	for _, f := range g.sim.Folders(g.box.ID) {
		if !f.Search {
			n += f.Items
		}
	}
	seen := 0
	for range g.sim.Items(g.box.ID) {
		if seen++; seen == 100_000 {
			break
		}
	}
	id := get[page[item]](g, g.inMailbox("/folders/inbox/items")).Value[0].ID
	var length counter
	if err := g.sim.WriteItem(io.MultiWriter(&length, probe(func() { most = max(most, heap()) })), g.box.ID, id); err != nil {
		t.Fatal(err)
	}
	if n != 1_000_000 || length < 20<<20 || most > before+4<<20 {
		t.Errorf("%d items, one of %d bytes: %d bytes of memory became %d", n, length, before, most)
	}
}

// probe is called once in about 2 MiB.
type probe func()

var written int

func (p probe) Write(b []byte) (int, error) {
	if written += len(b); written > 2<<20 {
		written = 0
		p()
	}
	return len(b), nil
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// TestDoublings checks that sizes spread from MinItemSize to MaxItemSize, as many in each doubling.
func TestDoublings(t *testing.T) {
	const least, most = 64 << 10, 1 << 20
	g := start(t, simulator.Options{Seed: 3, Items: 400, MinItemSize: least, MaxItemSize: most})
	counts := map[int]int{}
	for it := range g.sim.Items(g.box.ID) {
		n := int64(len(g.stream(it.ID)))
		if n < least*9/10 || n > most*11/10 {
			t.Errorf("an item has %d bytes", n)
		}
		counts[bits.Len64(uint64(n))]++
	}
	for doubling := 17; doubling <= 20; doubling++ {
		if counts[doubling] < 400/8 {
			t.Errorf("sizes are %v", counts)
		}
	}
}

// BenchmarkWriteItem writes the streams of a realistic mailbox, one at a time.
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
