package exportjson_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph/internal/exportjson"
)

func random(n int) []byte {
	p := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	_, _ = r.Read(p)
	return p
}

// spellings are ways to write base64 in a JSON string.
var spellings = map[string]func(string) string{
	"plain":   func(s string) string { return s },
	"dotnet":  strings.NewReplacer("+", `\u002B`, "/", `\/`).Replace,
	"escaped": func(s string) string { return eachByte(s, func(c byte) string { return fmt.Sprintf(`\u%04x`, c) }) },
	"mime": func(s string) string {
		var b strings.Builder
		for ; len(s) > 76; s = s[76:] {
			b.WriteString(s[:76] + `\r\n`)
		}
		return b.String() + s + `\r\n`
	},
	"broken": func(s string) string { return eachByte(s, func(c byte) string { return string(c) + `\n` }) },
}

func eachByte(s string, f func(byte) string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(f(s[i]))
	}
	return b.String()
}

// TestDataGrid decodes data whose length lies around every boundary: of a quantum,
// of the buffer, of a read.
func TestDataGrid(t *testing.T) {
	const size = 64 // of the buffer, which holds 48 bytes of data
	lengths := []int{0, 1, 2, 3, 4, 5, 6}
	for _, n := range []int{48, 64, 96, 480} {
		for d := -4; d <= 4; d++ {
			lengths = append(lengths, n+d)
		}
	}
	d := exportjson.NewDecoderSize(size)
	for name, spell := range spellings {
		for _, n := range lengths {
			data := random(n)
			text := spell(base64.StdEncoding.EncodeToString(data))
			response := `{"value":[{"data":"` + text + `","itemId":"a"},{"itemId":"b","data":"` + text + `"}]}`
			want := []element{{ID: "a", Data: string(data), HasData: true}, {ID: "b", Data: string(data), HasData: true}}
			for _, readSize := range []int{1, 2, 3, 7, 11, 12, 13, size - 1, size, 1 << 20} {
				got := decode(d, &sizedReader{strings.NewReader(response), readSize})
				if got.Err != nil {
					t.Fatalf("%s, %d bytes, reads of %d: %v", name, n, readSize, got.Err)
				}
				if diff := cmp.Diff(want, got.Elements); diff != "" {
					t.Fatalf("%s, %d bytes, reads of %d (-want +got):\n%s", name, n, readSize, diff)
				}
			}
		}
	}
}

func TestLargeData(t *testing.T) {
	data := random(3<<20 + 1)
	for _, name := range []string{"plain", "dotnet", "mime"} {
		text := spellings[name](base64.StdEncoding.EncodeToString(data))
		got := decode(exportjson.NewDecoder(), strings.NewReader(`{"value":[{"itemId":"a","data":"`+text+`"}]}`))
		if got.Err != nil || len(got.Elements) != 1 || got.Elements[0].Data != string(data) {
			t.Errorf("%s: %v, %d elements", name, got.Err, len(got.Elements))
		}
	}
}

func TestErrorNamesOffset(t *testing.T) {
	long := strings.Repeat("AAAA", 40<<10)
	tests := []struct {
		name, response string
		offset         int
		cut            bool
	}{
		{"malformed", `{"value":[{"itemId":"a"]}`, 23, false},
		{"control character", "{\"value\":[{\"data\":\"AA\nAA\"}]}", 21, false},
		{"trailing", `{"value":[]} x`, 13, false},
		{"another mark", "\xef\xbb\xbe{}", 0, false},
		{"cut mark", "\xef\xbb", 2, true},
		{"mark behind", "{\xef\xbb\xbf}", 1, false},
		{"malformed behind a mark", "\xef\xbb\xbf{]", 4, false},
		{"cut", `{"value":[{"itemId":"a","data":"AA`, 34, true},
		{"cut far behind", `{"value":[{"data":"` + long, 19 + len(long), true},
		{"malformed far behind", `{"value":[{"data":"` + long + `"]`, 20 + len(long), false},
		{"value", `{"value":5}`, 9, false},
		{"empty", ``, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := decode(exportjson.NewDecoder(), strings.NewReader(tt.response)).Err
			var syntax *exportjson.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v", err)
			}
			if syntax.Offset != int64(tt.offset) || errors.Is(err, io.ErrUnexpectedEOF) != tt.cut {
				t.Errorf("got offset %d (%v), want %d", syntax.Offset, err, tt.offset)
			}
			if want := fmt.Sprintf("at byte %d ", tt.offset); !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not tell %q", err, want)
			}
		})
	}
}

// TestByteOrderMark: one before the response is no part of it, however it arrives.
func TestByteOrderMark(t *testing.T) {
	const response = "\xef\xbb\xbf" + ` {"value":[{"itemId":"a","data":"AAEC"}]}`
	want := []element{{ID: "a", Data: "\x00\x01\x02", HasData: true}}
	for _, readSize := range []int{1, 2, 3, 1 << 10} {
		got := decode(exportjson.NewDecoderSize(12), &sizedReader{strings.NewReader(response), readSize})
		if diff := cmp.Diff(want, got.Elements); got.Err != nil || diff != "" {
			t.Errorf("reads of %d: %v (-want +got):\n%s", readSize, got.Err, diff)
		}
	}
}

// malformedHandler keeps what is wrong with elements.
type malformedHandler struct {
	collector
	malformed []error
}

func (h *malformedHandler) Element(e exportjson.Element) error {
	h.malformed = append(h.malformed, e.Malformed)
	return h.collector.Element(e)
}

func TestMalformedElement(t *testing.T) {
	long := strings.Repeat("x", 64<<10)
	tests := []struct {
		name, element string
		offset        int64 // in the response, whose element begins at 10
	}{
		{"base64", `{"itemId":"a","data":"AAEC*AEC"}`, 36},
		{"base64 in the next run", `{"data":"` + strings.Repeat("AAAA", 16<<10) + `AAA*"}`, 10 + 9 + 64<<10 + 3},
		{"base64 without its end", `{"data":"AAECA"}`, 24},
		{"after padding", `{"data":"AA==\n\nA"}`, 27},
		{"id", `{"itemId":5}`, 20},
		{"error", `{"error":"x"}`, 19},
		{"data", `{"data":[1]}`, 18},
		{"long id", `{"itemId":"` + long + `"}`, 20},
		{"long error", `{"error":{"message":"` + strings.Repeat(long, 16) + `"}}`, 19},
		{"string", `"x"`, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var h malformedHandler
			response := `{"value":[` + tt.element + `,{"itemId":"b","data":"AAEC"}]}`
			if err := exportjson.NewDecoder().Decode(strings.NewReader(response), &h); err != nil {
				t.Fatal(err)
			}
			if len(h.malformed) != 2 {
				t.Fatalf("got %d elements", len(h.malformed))
			}
			var syntax *exportjson.SyntaxError
			if !errors.As(h.malformed[0], &syntax) || tt.name != "after padding" && syntax.Offset != tt.offset {
				t.Errorf("got %v, want offset %d", h.malformed[0], tt.offset)
			}
			want := element{ID: "b", Data: "\x00\x01\x02", HasData: true}
			if diff := cmp.Diff(want, h.elements[1]); diff != "" || h.malformed[1] != nil {
				t.Errorf("the element behind it: %v\n%s", h.malformed[1], diff)
			}
		})
	}
}

// TestDeliversBeforeTheEnd holds that data is out before its element ends, and an
// element before the next begins.
func TestDeliversBeforeTheEnd(t *testing.T) {
	r, w := io.Pipe()
	var h watcher
	h.events = make(chan string)
	done := make(chan error, 1)
	go func() { done <- exportjson.NewDecoder().Decode(r, &h) }()
	for _, step := range []struct{ write, want string }{
		{`{"value":[{"data":"AAEC`, "data 3"},
		{`AwQF`, "data 3"},
		{`","itemId":"a"}`, "element a"},
	} {
		if _, err := io.WriteString(w, step.write); err != nil {
			t.Fatal(err)
		}
		if got := <-h.events; got != step.want {
			t.Errorf("after %q: got %q, want %q", step.write, got, step.want)
		}
	}
	_ = w.CloseWithError(iotest.ErrTimeout)
	if err := <-done; !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v, want the reader's error", err)
	}
}

type watcher struct{ events chan string }

func (h *watcher) Room(int) []byte     { return nil }
func (h *watcher) Data(p []byte) error { h.events <- fmt.Sprint("data ", len(p)); return nil }
func (h *watcher) Restart()            { h.events <- "restart" }
func (h *watcher) Element(e exportjson.Element) error {
	h.events <- "element " + e.ID
	return nil
}

func TestHandlerErrorStops(t *testing.T) {
	want := errors.New("full")
	c := collector{err: want}
	err := exportjson.NewDecoder().Decode(strings.NewReader(`{"value":[{},{}]}`), &c)
	if !errors.Is(err, want) || len(c.elements) != 1 {
		t.Errorf("got %v after %d elements", err, len(c.elements))
	}
}

func TestDepth(t *testing.T) {
	for depth, ok := range map[int]bool{9999: true, 10000: false} {
		response := `{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		got := decode(exportjson.NewDecoder(), strings.NewReader(response))
		check(t, []byte(response), got)
		if (got.Err == nil) != ok {
			t.Errorf("depth %d: %v", depth+1, got.Err)
		}
	}
}

// TestNoProgress holds that a reader that brings nothing is not asked for ever.
func TestNoProgress(t *testing.T) {
	got := decode(exportjson.NewDecoder(), readerFunc(func([]byte) (int, error) { return 0, nil }))
	if !errors.Is(got.Err, io.ErrNoProgress) {
		t.Errorf("got %v", got.Err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestConstantMemory decodes an item of 24 MiB in less than a megabyte.
func TestConstantMemory(t *testing.T) {
	const parts = 128
	text := strings.Repeat("QUJD", 64<<10)
	readers := []io.Reader{strings.NewReader(`{"value":[{"data":"`)}
	for range parts {
		readers = append(readers, strings.NewReader(text))
	}
	r := io.MultiReader(append(readers, strings.NewReader(`"}]}`))...)

	var h counter
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := exportjson.NewDecoder().Decode(r, &h); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if want := int64(parts * len(text) / 4 * 3); h.n != want {
		t.Errorf("got %d bytes, want %d", h.n, want)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("%d bytes were allocated", allocated)
	}
}

type counter struct{ n int64 }

func (c *counter) Room(int) []byte                  { return nil }
func (c *counter) Data(p []byte) error              { c.n += int64(len(p)); return nil }
func (c *counter) Restart()                         {}
func (c *counter) Element(exportjson.Element) error { return nil }

// BenchmarkSkip reads long strings that nobody wants: escapes in them cost no more than their
// bytes.
func BenchmarkSkip(b *testing.B) {
	for name, text := range map[string]string{"plain": "aaaa", "escapes": `\n\"`, "unicode": `\u00e9`} {
		body := `{"note":"` + strings.Repeat(text, 1<<20/len(text)) + `","value":[]}`
		b.Run(name, func(b *testing.B) {
			d := exportjson.NewDecoder()
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if err := d.Decode(strings.NewReader(body), &counter{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []int{2 << 10, 80 << 10, 4 << 20} {
		for _, spelling := range []string{"plain", "dotnet", "mime"} {
			var body bytes.Buffer
			body.WriteString(`{"@odata.context":"x","value":[`)
			text := spellings[spelling](base64.StdEncoding.EncodeToString(random(size)))
			for i := range 20 {
				if i > 0 {
					body.WriteByte(',')
				}
				fmt.Fprintf(&body, `{"itemId":"%0152d","changeKey":"%040d","data":"%s"}`, i, i, text)
			}
			body.WriteString(`]}`)
			b.Run(fmt.Sprintf("%s/20x%dKiB", spelling, size>>10), func(b *testing.B) {
				d := exportjson.NewDecoder()
				b.SetBytes(int64(20 * size))
				b.ReportAllocs()
				for b.Loop() {
					if err := d.Decode(bytes.NewReader(body.Bytes()), &counter{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
