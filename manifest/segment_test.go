package manifest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/mailhaul/mailhaul/manifest"
)

func testRow(n int) manifest.Row {
	d := manifest.SumOf(fmt.Append(nil, n))
	return manifest.Row{
		ID: fmt.Sprintf("AQ%d/<&>=", n), Folder: "inbox", ChangeKey: "CQ", Type: "IPM.Note", Size: 3,
		CreatedDateTime: time.Date(2026, 11, 23, 2, 0, 11, 0, time.UTC), Categories: []string{},
		SHA256: d, Length: 5,
		Chunks: []manifest.Chunk{{Pack: manifest.SumOf([]byte("p")), Offset: int64(n), Length: 5, SHA256: d}},
	}
}

func writeSegment(t testing.TB, rows ...manifest.Row) ([]byte, manifest.Segment) {
	t.Helper()
	w, err := manifest.NewSegmentWriter()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	data, seg, err := w.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return data, seg
}

func readSegment(seg manifest.Segment, data []byte) (rows []manifest.Row, err error) {
	for r, e := range seg.ReadRows(data) {
		if e != nil {
			return rows, e
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func TestSegmentRoundTrip(t *testing.T) {
	want := []manifest.Row{testRow(1), testRow(2), {ID: "AQ1/<&>=", Folder: "inbox", Removed: manifest.RemovedDeleted}}
	data, seg := writeSegment(t, want...)
	if seg.Rows != 3 || seg.Bytes != 10 || seg.Size != int64(len(data)) || seg.SHA256 != manifest.SumOf(data) {
		t.Errorf("segment is %+v", seg)
	}
	got, err := readSegment(seg, data)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows differ:\n%s", diff)
	}
}

// TestSegmentLines pins the text that other programs read.
func TestSegmentLines(t *testing.T) {
	data, _ := writeSegment(t, testRow(7), manifest.Row{ID: "x", Folder: "f", Removed: "deleted"})
	dec, err := zstd.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	text, err := io.ReadAll(dec)
	if err != nil {
		t.Fatal(err)
	}
	seven := manifest.SumOf([]byte("7")).String()
	want := `{"id":"AQ7/<&>=","folder":"inbox","changeKey":"CQ","type":"IPM.Note","size":3,"createdDateTime":"2026-11-23T02:00:11Z","categories":[],` +
		`"sha256":"` + seven + `","length":5,"chunks":[{"pack":"` + manifest.SumOf([]byte("p")).String() + `","offset":7,"length":5,"sha256":"` + seven + `"}]}` + "\n" +
		`{"id":"x","folder":"f","removed":"deleted"}` + "\n"
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Errorf("lines differ:\n%s", diff)
	}
}

func TestRowRefused(t *testing.T) {
	for name, change := range map[string]func(*manifest.Row){
		"no id":            func(r *manifest.Row) { r.ID = "" },
		"no folder":        func(r *manifest.Row) { r.Folder = "" },
		"no digest":        func(r *manifest.Row) { r.SHA256 = manifest.Digest{} },
		"empty stream":     func(r *manifest.Row) { r.Length, r.Chunks = 0, nil },
		"short chunks":     func(r *manifest.Row) { r.Length = 6 },
		"long chunks":      func(r *manifest.Row) { r.Length = 4 },
		"other digest":     func(r *manifest.Row) { r.SHA256 = manifest.SumOf([]byte("other")) },
		"no pack":          func(r *manifest.Row) { r.Chunks[0].Pack = manifest.Digest{} },
		"negative offset":  func(r *manifest.Row) { r.Chunks[0].Offset = -1 },
		"offset overflows": func(r *manifest.Row) { r.Chunks[0].Offset = 1<<63 - 1 },
		"huge chunk":       func(r *manifest.Row) { r.Length, r.Chunks[0].Length = 5<<20, 5<<20 },
		"empty chunk":      func(r *manifest.Row) { r.Chunks = append(r.Chunks, r.Chunks[0]); r.Chunks[1].Length = 0 },
		"negative chunk": func(r *manifest.Row) {
			r.Chunks = append(r.Chunks, r.Chunks[0])
			r.Chunks[0].Length, r.Chunks[1].Length = 6, -1
		},
		"many chunks": func(r *manifest.Row) {
			r.Length, r.Chunks = 5*(manifest.MaxChunks+1), slices.Repeat(r.Chunks, manifest.MaxChunks+1)
		},
		"many categories":   func(r *manifest.Row) { r.Categories = make([]string, manifest.MaxTexts+1) },
		"tombstone of data": func(r *manifest.Row) { r.Removed = "deleted" },
	} {
		t.Run(name, func(t *testing.T) {
			row := testRow(1)
			change(&row)
			w, err := manifest.NewSegmentWriter()
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Append(row); err == nil {
				t.Error("row was taken")
			}
		})
	}
}

func TestSegmentThatLies(t *testing.T) {
	data, seg := writeSegment(t, testRow(1), testRow(2))
	pack := func(text string) []byte {
		enc, err := zstd.NewWriter(nil)
		if err != nil {
			t.Fatal(err)
		}
		defer enc.Close()
		return enc.EncodeAll([]byte(text), nil)
	}
	more, less, other := seg, seg, seg
	more.Rows, less.Rows, other.Bytes = 3, 1, 11
	cases := map[string]struct {
		seg  manifest.Segment
		data []byte
	}{
		"more rows":      {more, data},
		"fewer rows":     {less, data},
		"other bytes":    {other, data},
		"cut":            {seg, data[:len(data)-5]},
		"not zstd":       {seg, []byte("not zstd at all")},
		"not JSON":       {seg, pack("{\n")},
		"no last line":   {seg, pack(`{"id":"x","folder":"f","removed":"deleted"}`)},
		"empty line":     {seg, pack("\n\n")},
		"line too long":  {seg, pack(strings.Repeat(" ", 17<<20))},
		"impossible row": {seg, pack(`{"id":"x","folder":"f"}` + "\n")},
	}
	many := seg
	many.Rows = manifest.MaxSegmentRows + 1
	cases["too many rows"] = struct {
		seg  manifest.Segment
		data []byte
	}{many, data}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if rows, err := readSegment(c.seg, c.data); err == nil {
				t.Errorf("read %d rows without an error", len(rows))
			} else if !strings.Contains(err.Error(), c.seg.SHA256.String()) {
				t.Errorf("error does not name the segment: %v", err)
			}
		})
	}
}

// TestLines: a segment that ends within a line, or has a line that is too long, is an error.
func TestLines(t *testing.T) {
	line := `{"id":"x","folder":"f","removed":"deleted"}` + "\n"
	seg := manifest.Segment{Rows: 1}
	if rows, err := seg.ReadLines(strings.NewReader(line)); len(rows) != 1 || err != nil {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	for _, part := range []string{"{", line[:len(line)-1]} {
		if _, err := seg.ReadLines(strings.NewReader(line + part)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("a part of a line: %v", err)
		}
	}
	if _, err := seg.ReadLines(strings.NewReader(strings.Repeat(" ", 17<<20) + line)); err == nil || !strings.Contains(err.Error(), "longer than") {
		t.Errorf("a long line: %v", err)
	}
}
