package manifest_test

import (
	"bytes"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
)

// FuzzSegmentRows feeds text to the reader of rows: the rows that it accepts are written and
// read again without a difference. The text is not compressed, which would take most of the time.
func FuzzSegmentRows(f *testing.F) {
	f.Add([]byte(`{"id":"x","folder":"f","removed":"deleted"}` + "\n"))
	f.Add([]byte(`{"id":"x","folder":"f","length":1,"sha256":"sha256:` + abc + `","chunks":[{"pack":"sha256:` + abc + `","length":1,"sha256":"sha256:` + abc + `"}]}` + "\n"))
	full, err := manifest.Lines([]manifest.Row{testRow(1), testRow(2)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(full)
	f.Fuzz(func(t *testing.T, text []byte) {
		seg := manifest.Segment{SHA256: manifest.SumOf(text), Rows: int64(bytes.Count(text, []byte("\n")))}
		rows, _ := seg.ReadLines(bytes.NewReader(text))
		if len(rows) == 0 {
			return
		}
		again, err := manifest.Lines(rows)
		if err != nil {
			t.Fatal(err)
		}
		seg = manifest.Segment{Rows: int64(len(rows))}
		for i := range rows {
			seg.Bytes += rows[i].Length
		}
		got, err := seg.ReadLines(bytes.NewReader(again))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(rows, got) {
			t.Errorf("rows differ:\n%s", cmp.Diff(rows, got))
		}
	})
}

// FuzzSegment feeds stored bytes to the reader of segments. It accepts nothing but the rows
// that the segment was written with, or that another program compressed.
func FuzzSegment(f *testing.F) {
	data, seg := writeSegment(f, testRow(1), testRow(2))
	f.Add(slices.Clone(data))
	want, err := readSegment(seg, data)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := readSegment(seg, data)
		if err == nil && len(rows) != len(want) {
			t.Errorf("%d rows without an error, expected %d", len(rows), len(want))
		}
	})
}

// FuzzSnapshot feeds JSON to the reader of manifests: what it accepts is written and read again
// without a difference.
func FuzzSnapshot(f *testing.F) {
	data, err := testSnapshot().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := manifest.ParseSnapshot(data)
		if err != nil {
			return
		}
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := manifest.ParseSnapshot(text)
		if err != nil {
			t.Fatal(err)
		}
		if next, err := again.Encode(); err != nil || !bytes.Equal(text, next) {
			t.Errorf("manifests differ, %v:\n%s", err, cmp.Diff(string(text), string(next)))
		}
	})
}
