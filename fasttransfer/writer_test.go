package fasttransfer_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/fasttransfer"
)

var publicStrings = fasttransfer.GUID{Data1: 0x00020329, Data4: [8]byte{0xC0, 7: 0x46}}

// write returns the stream that build writes.
func write(t *testing.T, build func(*fasttransfer.Writer)) []byte {
	t.Helper()
	var out bytes.Buffer
	w := fasttransfer.NewWriter(&out)
	build(w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestItemParses(t *testing.T) {
	stream := write(t, func(w *fasttransfer.Writer) {
		w.Int32(fasttransfer.ID(0x0017), 1)
		w.String(fasttransfer.ID(0x001A), "IPM.Note")
		w.Bool(fasttransfer.ID(0x0E1B), true)
		w.Time(fasttransfer.ID(0x3007), time.Date(1601, 1, 1, 0, 0, 1, 300, time.UTC))
		w.Int64(fasttransfer.ID(0x0E08), -2)
		w.Int16(fasttransfer.ID(0x3008), 7)
		w.Float64(fasttransfer.LID(0x8102, publicStrings, 0x8102), 0.5)
		w.GUID(fasttransfer.ID(0x3020), publicStrings)
		w.Strings(fasttransfer.Name(0x8010, publicStrings, "Keywords"), []string{"red", "", "grün 🎉"})
		w.Binaries(fasttransfer.ID(0x3010), [][]byte{{1, 2}, nil})
		w.Strings(fasttransfer.ID(0x3011), nil)
		w.Binary(fasttransfer.ID(0x3012), nil)
		w.ClearRecipients()
		w.StartRecipient()
		w.Int32(fasttransfer.ID(0x3000), 0)
		w.EndRecipient()
		w.ClearAttachments()
		w.StartAttachment(0)
		w.BinaryFrom(fasttransfer.ID(0x3701), strings.NewReader("data and more"), 4)
		w.EndAttachment()
		w.StartAttachment(1)
		w.Int32(fasttransfer.ID(0x3705), 5)
		w.StartEmbedded()
		w.Int64(fasttransfer.ID(0x674A), 1)
		w.StartAttachment(0)
		w.EndAttachment()
		w.EndEmbedded()
		w.EndAttachment()
	})
	const want = `0017:0003 = 01000000
001A:84B0 = "IPM.Note"
0E1B:000B = 0100
3007:0040 = 8396980000000000
0E08:0014 = feffffffffffffff
3008:0002 = 0700
8102:0005(2903020000000000c000000000000046 8102) = 000000000000e03f
3020:0048 = 2903020000000000c000000000000046
8010:94B0(2903020000000000c000000000000046 Keywords) = ["red" "" "grün 🎉"]
3010:1102 = [0102 ]
3011:94B0 = []
3012:0102 = 
4016:0003 = 0d00120e
StartRecip
  3000:0003 = 00000000
EndToRecip
4016:0003 = 0d00130e
NewAttach
  0E21:0003 = 00000000
  3701:0102 = 64617461
EndAttach
NewAttach
  0E21:0003 = 01000000
  3705:0003 = 05000000
  StartEmbed
    674A:0014 = 0100000000000000
    NewAttach
      0E21:0003 = 00000000
    EndAttach
  EndEmbed
EndAttach
`
	got, _ := dump(t, message(t, stream))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("stream (-want +got):\n%s", diff)
	}
}

// TestRecordEnds moves properties of every kind across the end of a record. It checks that records
// end only where they may, and that values do not change.
func TestRecordEnds(t *testing.T) {
	for filler := fasttransfer.RecordSize - 160; filler <= fasttransfer.RecordSize; filler++ {
		stream := write(t, func(w *fasttransfer.Writer) {
			w.Binary(fasttransfer.ID(0x1013), make([]byte, filler))
			w.Strings(fasttransfer.Name(0x8010, publicStrings, "Keywords"), []string{"a🎉é", "zwei"})
			w.Int64(fasttransfer.LID(0x8102, publicStrings, 1), 1)
			w.StartRecipient()
			w.EndRecipient()
		})
		msg := message(t, stream)
		text, ends := dump(t, msg)
		if !strings.Contains(text, `["a🎉é" "zwei"]`) {
			t.Fatalf("filler %d: strings changed:\n%s", filler, text)
		}
		at := 0
		for i, r := range records(t, stream)[3:] {
			if at += len(r.payload); !ends[at] {
				t.Fatalf("filler %d: record %d ends at %d, inside an atom", filler, i, at)
			}
		}
	}
}

func TestValueSizes(t *testing.T) {
	const full = fasttransfer.RecordSize
	random := rand.NewChaCha8([32]byte{1})
	for _, n := range []int{0, 1, full - 9, full - 8, full - 7, full - 1, full, full + 1, 2*full - 8, 2*full + 1, 5*full + 3} {
		data := make([]byte, n)
		random.Read(data)
		direct := write(t, func(w *fasttransfer.Writer) { w.Binary(fasttransfer.ID(0x3701), data) })
		streamed := write(t, func(w *fasttransfer.Writer) {
			w.BinaryFrom(fasttransfer.ID(0x3701), shortReader{bytes.NewReader(data)}, int64(n))
		})
		if !bytes.Equal(direct, streamed) {
			t.Errorf("%d bytes: streamed differs from direct", n)
		}
		if msg := message(t, direct); !bytes.Equal(msg[8:], data) {
			t.Errorf("%d bytes: value changed", n)
		}
		for i, r := range records(t, direct)[3:] {
			if left := n + 8 - i*full; len(r.payload) != min(left, full) {
				t.Errorf("%d bytes: record %d has %d bytes, want %d", n, i, len(r.payload), min(left, full))
			}
		}
	}
}

// shortReader returns at most 777 bytes at a time.
type shortReader struct{ r io.Reader }

func (r shortReader) Read(p []byte) (int, error) {
	return r.r.Read(p[:min(len(p), 777)])
}

func TestMisuse(t *testing.T) {
	id := fasttransfer.ID
	cases := map[string]func(*fasttransfer.Writer){
		"zero property":                  func(w *fasttransfer.Writer) { w.Int32(fasttransfer.Property{}, 1) },
		"named id without a name":        func(w *fasttransfer.Writer) { w.Int32(id(0x8001), 1) },
		"fixed id with a name":           func(w *fasttransfer.Writer) { w.Int32(fasttransfer.LID(0x10, publicStrings, 1), 1) },
		"empty name":                     func(w *fasttransfer.Writer) { w.Int32(fasttransfer.Name(0x8001, publicStrings, ""), 1) },
		"name with NUL":                  func(w *fasttransfer.Writer) { w.Int32(fasttransfer.Name(0x8001, publicStrings, "a\x00"), 1) },
		"short reader":                   func(w *fasttransfer.Writer) { w.BinaryFrom(id(0x3701), strings.NewReader("abc"), 4) },
		"negative length":                func(w *fasttransfer.Writer) { w.BinaryFrom(id(0x3701), strings.NewReader("abc"), -1) },
		"length beyond 32 bits":          func(w *fasttransfer.Writer) { w.BinaryFrom(id(0x3701), strings.NewReader("abc"), 1<<32) },
		"time before 1601":               func(w *fasttransfer.Writer) { w.Time(id(0x39), time.Date(1600, 12, 31, 0, 0, 0, 0, time.UTC)) },
		"zero time":                      func(w *fasttransfer.Writer) { w.Time(id(0x39), time.Time{}) },
		"property after recipients":      func(w *fasttransfer.Writer) { w.ClearRecipients(); w.Int32(id(0x17), 1) },
		"recipient after attachments":    func(w *fasttransfer.Writer) { w.ClearAttachments(); w.StartRecipient() },
		"recipient in recipient":         func(w *fasttransfer.Writer) { w.StartRecipient(); w.StartRecipient() },
		"attachment in recipient":        func(w *fasttransfer.Writer) { w.StartRecipient(); w.StartAttachment(0) },
		"embedded without an attachment": func(w *fasttransfer.Writer) { w.StartEmbedded() },
		"two embedded": func(w *fasttransfer.Writer) {
			w.StartAttachment(0)
			w.StartEmbedded()
			w.EndEmbedded()
			w.StartEmbedded()
		},
		"property after an embedded message": func(w *fasttransfer.Writer) {
			w.StartAttachment(0)
			w.StartEmbedded()
			w.EndEmbedded()
			w.Int32(id(0x3705), 5)
		},
		"crossed ends":       func(w *fasttransfer.Writer) { w.StartRecipient(); w.EndAttachment() },
		"end without start":  func(w *fasttransfer.Writer) { w.EndEmbedded() },
		"recipient open":     func(w *fasttransfer.Writer) { w.StartRecipient() },
		"embedded left open": func(w *fasttransfer.Writer) { w.StartAttachment(0); w.StartEmbedded() },
	}
	for name, misuse := range cases {
		t.Run(name, func(t *testing.T) {
			w := fasttransfer.NewWriter(io.Discard)
			misuse(w)
			first := w.Close()
			if first == nil {
				t.Fatal("Close returned no error")
			}
			w.Int32(id(0x17), 1)
			if again := w.Close(); !errors.Is(again, first) {
				t.Errorf("second Close = %v, want the first error, %v", again, first)
			}
		})
	}
}

func TestClosedWriter(t *testing.T) {
	var out bytes.Buffer
	w := fasttransfer.NewWriter(&out)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	n := out.Len()
	w.Int32(fasttransfer.ID(0x17), 1)
	if err := w.Close(); err == nil || out.Len() != n {
		t.Errorf("writing after Close: error %v, %d more bytes", err, out.Len()-n)
	}
}

func TestDestinationFails(t *testing.T) {
	full := errors.New("disk is full")
	for _, room := range []int{0, 70, 40000} {
		w := fasttransfer.NewWriter(&limited{left: room, err: full})
		w.Binary(fasttransfer.ID(0x3701), make([]byte, 100_000))
		if err := w.Close(); !errors.Is(err, full) {
			t.Errorf("room for %d: Close = %v, want the destination's error", room, err)
		}
	}
}

// limited fails after left bytes.
type limited struct {
	left int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	if len(p) > l.left {
		return 0, l.err
	}
	l.left -= len(p)
	return len(p), nil
}

// TestLargeValueTakesNoMemory writes 256 MiB and counts allocations.
func TestLargeValueTakesNoMemory(t *testing.T) {
	r := zeros{}
	allocated := testing.AllocsPerRun(1, func() {
		w := fasttransfer.NewWriter(io.Discard)
		w.BinaryFrom(fasttransfer.ID(0x3701), r, 256<<20)
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	if allocated > 20 {
		t.Errorf("%v allocations for one large value", allocated)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

func BenchmarkString(b *testing.B) {
	text := strings.Repeat("the quick brown fox jumps over it ", 1000)
	b.SetBytes(int64(2 * len(text)))
	w := fasttransfer.NewWriter(io.Discard)
	for b.Loop() {
		w.String(fasttransfer.ID(0x1000), text)
	}
}
