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

// TestDataGrid reads data whose length is near every boundary: of a quantum, the buffer and a read.
func TestDataGrid(t *testing.T) {
	const size = 64 // of the buffer: 48 bytes of data
	lengths := []int{0, 1, 2, 3, 4, 5, 6}
	for _, n := range []int{48, 64, 96, 480} {
		for d := -4; d <= 4; d++ {
			lengths = append(lengths, n+d)
		}
	}
	r := exportjson.NewReaderSize(size)
	for name, spell := range spellings {
		for _, n := range lengths {
			data := random(n)
			text := spell(base64.StdEncoding.EncodeToString(data))
			response := `{"value":[{"data":"` + text + `","itemId":"a"},{"itemId":"b","data":"` + text + `"}]}`
			want := []element{{ID: "a", Data: string(data), HasData: true}, {ID: "b", Data: string(data), HasData: true}}
			for _, readSize := range []int{1, 2, 3, 7, 11, 12, 13, size - 1, size, 1 << 20} {
				got := readAll(r, &sizedReader{strings.NewReader(response), readSize})
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
		got := readAll(exportjson.NewReader(), strings.NewReader(`{"value":[{"itemId":"a","data":"`+text+`"}]}`))
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
		{"mark inside", "{\xef\xbb\xbf}", 1, false},
		{"malformed after a mark", "\xef\xbb\xbf{]", 4, false},
		{"cut", `{"value":[{"itemId":"a","data":"AA`, 34, true},
		{"cut after a long string", `{"value":[{"data":"` + long, 19 + len(long), true},
		{"malformed after a long string", `{"value":[{"data":"` + long + `"]`, 20 + len(long), false},
		{"value", `{"value":5}`, 9, false},
		{"empty", ``, 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := readAll(exportjson.NewReader(), strings.NewReader(tt.response)).Err
			var syntax *exportjson.SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v", err)
			}
			if syntax.Offset != int64(tt.offset) || errors.Is(err, io.ErrUnexpectedEOF) != tt.cut {
				t.Errorf("got offset %d (%v), want %d", syntax.Offset, err, tt.offset)
			}
			if want := fmt.Sprintf("at byte %d ", tt.offset); !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not contain %q", err, want)
			}
		})
	}
}

// TestByteOrderMark checks that a byte order mark before the response is skipped, in pieces of any
// size.
func TestByteOrderMark(t *testing.T) {
	const response = "\xef\xbb\xbf" + ` {"value":[{"itemId":"a","data":"AAEC"}]}`
	want := []element{{ID: "a", Data: "\x00\x01\x02", HasData: true}}
	for _, readSize := range []int{1, 2, 3, 1 << 10} {
		got := readAll(exportjson.NewReaderSize(12), &sizedReader{strings.NewReader(response), readSize})
		if diff := cmp.Diff(want, got.Elements); got.Err != nil || diff != "" {
			t.Errorf("reads of %d: %v (-want +got):\n%s", readSize, got.Err, diff)
		}
	}
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
			r := exportjson.NewReader()
			r.Reset(strings.NewReader(`{"value":[` + tt.element + `,{"itemId":"b","data":"AAEC"}]}`))
			first, _, err := nextElement(r)
			if err != nil {
				t.Fatal(err)
			}
			syntax, ok := errors.AsType[*exportjson.SyntaxError](first.Malformed)
			if !ok || tt.name != "after padding" && syntax.Offset != tt.offset {
				t.Errorf("got %v, want offset %d", first.Malformed, tt.offset)
			}
			second, data, err := nextElement(r)
			want := exportjson.Element{ID: "b", HasData: true}
			if diff := cmp.Diff(want, second); diff != "" || err != nil || string(data) != "\x00\x01\x02" {
				t.Errorf("the next element: %q, %v\n%s", data, err, diff)
			}
			if _, err := r.Next(); err != io.EOF {
				t.Errorf("at the end: %v", err)
			}
		})
	}
}

// nextElement reads the next element to its end.
func nextElement(r *exportjson.Reader) (exportjson.Element, []byte, error) {
	e, err := r.Next()
	if err != nil {
		return exportjson.Element{}, nil, err
	}
	data, err := io.ReadAll(r)
	return *e, data, err
}

// TestReplaced checks that Read reports each replacement of data once.
func TestReplaced(t *testing.T) {
	r := exportjson.NewReader()
	for element, want := range map[string]struct {
		replaced int
		data     string
	}{
		`{"data":"QUJD"}`:                           {0, "ABC"},
		`{"data":"QUJD","data":"REVG"}`:             {1, "DEF"},
		`{"data":"QUJD","data":""}`:                 {1, ""},
		`{"data":"QUJD","data":null,"data":"REVG"}`: {1, "DEF"},
		`{"data":"","data":null}`:                   {1, ""},
		`{"data":null,"data":"REVG"}`:               {0, "DEF"},
	} {
		r.Reset(strings.NewReader(`{"value":[` + element + `]}`))
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		replaced := 0
		data, err := io.ReadAll(r)
		for ; err == exportjson.ErrReplaced; replaced++ {
			data, err = io.ReadAll(r)
		}
		if err != nil || replaced != want.replaced || string(data) != want.data {
			t.Errorf("%s: %q, replaced %d times, %v", element, data, replaced, err)
		}
	}
}

// TestSkippedData checks that Next skips data that was not read, or not to its end.
func TestSkippedData(t *testing.T) {
	text := base64.StdEncoding.EncodeToString(random(200 << 10))
	for read := range 4 {
		r := exportjson.NewReader()
		r.Reset(strings.NewReader(`{"value":[{"data":"` + text + `","data":"` + text + `","itemId":"a"},{"itemId":"b"}]}`))
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		for range read {
			if _, err := r.Read(make([]byte, 7)); err != nil {
				t.Fatal(err)
			}
		}
		if e, err := r.Next(); err != nil || e.ID != "b" {
			t.Errorf("after %d reads: %+v, %v", read, e, err)
		}
	}
}

// TestDeliversBeforeTheEnd checks that data is returned before its element ends, and an element
// before the next one begins.
func TestDeliversBeforeTheEnd(t *testing.T) {
	src, w := io.Pipe()
	write := func(text string) { // the reader waits for no more than that
		go func() { _, _ = io.WriteString(w, text) }()
	}
	r := exportjson.NewReader()
	r.Reset(src)
	buf := make([]byte, exportjson.ReadSize)
	write(`{"value":[{"data":"AAEC`)
	e, err := r.Next()
	if err != nil {
		t.Fatal(err)
	}
	if n, err := r.Read(buf); n != 3 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	write(`AwQF`)
	if n, err := r.Read(buf); n != 3 || err != nil {
		t.Errorf("got %d bytes, %v", n, err)
	}
	write(`","itemId":"a"}`)
	if n, err := r.Read(buf); n != 0 || err != io.EOF || e.ID != "a" {
		t.Errorf("got %d bytes, %v, of element %q", n, err, e.ID)
	}
	_ = w.CloseWithError(iotest.ErrTimeout)
	for range 2 {
		if _, err := r.Next(); !errors.Is(err, iotest.ErrTimeout) {
			t.Errorf("got %v, want the reader's error", err)
		}
	}
}

func TestDepth(t *testing.T) {
	for depth, ok := range map[int]bool{9999: true, 10000: false} {
		response := `{"x":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}`
		got := readAll(exportjson.NewReader(), strings.NewReader(response))
		check(t, []byte(response), got)
		if (got.Err == nil) != ok {
			t.Errorf("depth %d: %v", depth+1, got.Err)
		}
	}
}

// TestNoProgress checks that a source which returns no bytes and no error is read a bounded number
// of times.
func TestNoProgress(t *testing.T) {
	got := readAll(exportjson.NewReader(), readerFunc(func([]byte) (int, error) { return 0, nil }))
	if !errors.Is(got.Err, io.ErrNoProgress) {
		t.Errorf("got %v", got.Err)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// TestConstantMemory reads an item of 24 MiB in less than a megabyte.
func TestConstantMemory(t *testing.T) {
	const parts = 128
	text := strings.Repeat("QUJD", 64<<10)
	readers := []io.Reader{strings.NewReader(`{"value":[{"data":"`)}
	for range parts {
		readers = append(readers, strings.NewReader(text))
	}
	src := io.MultiReader(append(readers, strings.NewReader(`"}]}`))...)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n, err := discard(exportjson.NewReader(), src, make([]byte, exportjson.ReadSize))
	runtime.ReadMemStats(&after)
	if want := int64(parts * len(text) / 4 * 3); n != want || err != nil {
		t.Errorf("got %d bytes and %v, want %d", n, err, want)
	}
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("%d bytes were allocated", allocated)
	}
}

// discard reads a response through buf, and returns the length of its data.
func discard(r *exportjson.Reader, src io.Reader, buf []byte) (length int64, err error) {
	r.Reset(src)
	for {
		if _, err := r.Next(); err == io.EOF {
			return length, nil
		} else if err != nil {
			return length, err
		}
		for err = nil; err == nil; {
			var n int
			n, err = r.Read(buf)
			length += int64(n)
		}
		if err != io.EOF {
			return length, err
		}
	}
}

// BenchmarkSkip reads long strings of unknown members. Escapes in them cost no more than their
// bytes.
func BenchmarkSkip(b *testing.B) {
	for name, text := range map[string]string{"plain": "aaaa", "escapes": `\n\"`, "unicode": `\u00e9`} {
		body := `{"note":"` + strings.Repeat(text, 1<<20/len(text)) + `","value":[]}`
		b.Run(name, func(b *testing.B) {
			r, buf := exportjson.NewReader(), make([]byte, exportjson.ReadSize)
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, err := discard(r, strings.NewReader(body), buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead(b *testing.B) {
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
				r, buf := exportjson.NewReader(), make([]byte, exportjson.ReadSize)
				b.SetBytes(int64(20 * size))
				b.ReportAllocs()
				for b.Loop() {
					if _, err := discard(r, bytes.NewReader(body.Bytes()), buf); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
