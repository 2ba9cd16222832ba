package restore_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// latest returns the mailbox's last snapshot and its items.
func (v *vault) latest() (*snapshots.Snapshot, []manifest.Row) {
	v.t.Helper()
	s, err := snapshots.Latest(v.t.Context(), v.repo, v.mailbox)
	if err != nil {
		v.t.Fatal(err)
	}
	var rows []manifest.Row
	for row, err := range s.Items(v.t.Context()) {
		if err != nil {
			v.t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return s, rows
}

// replace gives the last snapshot's ref a manifest of these bytes.
func (v *vault) replace(s *snapshots.Snapshot, data []byte) (key string) {
	v.t.Helper()
	digest := manifest.SumOf(data)
	ref, err := s.Ref(digest).Encode()
	if err != nil {
		v.t.Fatal(err)
	}
	v.write(repository.ManifestKey(digest), data)
	v.write(repository.RefKey(v.mailbox, s.Sequence), ref)
	return repository.ManifestKey(digest)
}

// replaceRows makes the last snapshot one with these rows, correct in all else. It returns the key
// of the segment.
func (v *vault) replaceRows(rows []manifest.Row) string {
	v.t.Helper()
	s, _ := v.latest()
	w, err := manifest.NewSegmentWriter()
	if err != nil {
		v.t.Fatal(err)
	}
	held := map[string]int64{}
	for _, row := range rows {
		if err := w.Append(row); err != nil {
			v.t.Fatal(err)
		}
		held[row.Folder]++
	}
	data, segment, err := w.Finish()
	if err != nil {
		v.t.Fatal(err)
	}
	v.write(repository.SegmentKey(segment.SHA256), data)
	s.Segments = []manifest.Segment{segment}
	for i := range s.Folders {
		s.Folders[i].Items = held[s.Folders[i].ID]
	}
	s.Totals.Items, s.Totals.Bytes = int64(len(rows)), segment.Bytes
	if data, err = s.Encode(); err != nil {
		v.t.Fatal(err)
	}
	v.replace(s, data)
	return repository.SegmentKey(segment.SHA256)
}

// TestWrongRows: a row whose chunks are not in the packs is found, whatever differs.
func TestWrongRows(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
	_, original := v.latest()
	if v.replaceRows(original); v.verify(restore.VerifyOptions{}).Found != 0 {
		t.Fatal("the unchanged rows are damaged")
	}
	last := len(original) - 1
	for name, change := range map[string]func(row *manifest.Row, c *manifest.Chunk){
		"offset":         func(_ *manifest.Row, c *manifest.Chunk) { c.Offset++ },
		"far offset":     func(_ *manifest.Row, c *manifest.Chunk) { c.Offset = 1 << 50 },
		"length":         func(row *manifest.Row, c *manifest.Chunk) { row.Length--; c.Length-- },
		"longer":         func(row *manifest.Row, c *manifest.Chunk) { row.Length++; c.Length++ },
		"digest":         func(row *manifest.Row, c *manifest.Chunk) { row.SHA256 = original[last].SHA256; c.SHA256 = row.SHA256 },
		"unknown digest": func(row *manifest.Row, c *manifest.Chunk) { row.SHA256 = manifest.SumOf(nil); c.SHA256 = row.SHA256 },
		"pack":           func(_ *manifest.Row, c *manifest.Chunk) { c.Pack = manifest.SumOf(nil) },
		"order": func(row *manifest.Row, _ *manifest.Chunk) {
			row.Chunks = []manifest.Chunk{original[1].Chunks[0], original[0].Chunks[0]}
			row.Length = original[0].Length + original[1].Length
		},
		"again": func(row *manifest.Row, c *manifest.Chunk) {
			row.Chunks = []manifest.Chunk{*c, *c}
			row.Length = 2 * c.Length
		},
	} {
		t.Run(name, func(t *testing.T) {
			rows := slices.Clone(original)
			rows[0].Chunks = slices.Clone(rows[0].Chunks)
			change(&rows[0], &rows[0].Chunks[0])
			key := v.replaceRows(rows)
			got := v.verify(restore.VerifyOptions{})
			if got.Found != 1 || got.Problems[0].Object != key || !strings.Contains(got.Problems[0].Error, rows[0].ID) {
				t.Errorf("problems are %+v, expected item %s in %s", got.Problems, rows[0].ID, key)
			}
			if _, err := v.extract(t.TempDir(), rows[0].ID); err == nil {
				t.Error("the item was extracted")
			}
		})
	}
}

// TestOneProblem: damage is reported once, and not again for each object that needs it.
func TestOneProblem(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
	_, rows := v.latest()
	row := &rows[0]
	other := slices.IndexFunc(rows, func(r manifest.Row) bool { return r.Chunks[0].Pack != row.Chunks[0].Pack })
	if other < 0 {
		t.Fatal("all items are in one pack")
	}
	var whole bytes.Buffer
	for _, i := range []int{0, other} {
		if err := restore.WriteItem(t.Context(), v.repo, &whole, &rows[i]); err != nil {
			t.Fatal(err)
		}
	}
	row.Chunks = []manifest.Chunk{row.Chunks[0], rows[other].Chunks[0]}
	row.Length, row.SHA256 = int64(whole.Len()), manifest.SumOf(whole.Bytes())
	segment := v.replaceRows(rows)
	if got := v.verify(restore.VerifyOptions{}); got.Found > 0 {
		t.Fatal(got.Problems)
	}
	for _, key := range []string{repository.PackKey(row.Chunks[0].Pack), repository.PackKey(row.Chunks[1].Pack), segment} {
		data := v.read(key)
		bad := bytes.Clone(data)
		bad[len(bad)/2] ^= 1
		v.write(key, bad)
		if got := v.verify(restore.VerifyOptions{}); got.Found != 1 || got.Problems[0].Object != key {
			t.Errorf("%s is damaged: problems are %+v", key, got.Problems)
		}
		v.write(key, data)
	}
}

// TestRepeatedChunk: an item that repeats a chunk is checked before any of it is written. Such
// items exist.
func TestRepeatedChunk(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
	_, rows := v.latest()
	row := &rows[0]
	part := new(bytes.Buffer)
	if err := restore.WriteItem(t.Context(), v.repo, part, row); err != nil {
		t.Fatal(err)
	}
	const times = 2000
	chunk := row.Chunks[0]
	row.Chunks = slices.Repeat([]manifest.Chunk{chunk}, times)
	row.Length *= times
	for name, chunks := range map[string][]manifest.Chunk{
		"one":         row.Chunks,
		"alternating": slices.Repeat([]manifest.Chunk{chunk, rows[1].Chunks[0]}, times/2),
		"at the end":  {rows[1].Chunks[0], rows[2].Chunks[0], chunk, chunk},
	} {
		wrong := *row
		wrong.Chunks, wrong.SHA256 = chunks, manifest.SumOf([]byte("another"))
		var written bytes.Buffer
		if err := restore.WriteItem(t.Context(), v.repo, &written, &wrong); err == nil || written.Len() > 0 {
			t.Errorf("%s: %d bytes were written, %v", name, written.Len(), err)
		}
	}
	v.store.Calls()
	want := bytes.Repeat(part.Bytes(), times)
	row.SHA256 = manifest.SumOf(want)
	var written bytes.Buffer
	if err := restore.WriteItem(t.Context(), v.repo, &written, row); err != nil || !bytes.Equal(written.Bytes(), want) {
		t.Errorf("%d bytes of %d were written, %v", written.Len(), len(want), err)
	}
	if calls := v.store.Calls(); calls.Get > 5 {
		t.Errorf("%d reads of one chunk", calls.Get)
	}
}

// TestExtractLeavesNothing: an item that differs from its row leaves no file.
func TestExtractLeavesNothing(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
	_, rows := v.latest()
	rows[0].Chunks = []manifest.Chunk{rows[1].Chunks[0], rows[2].Chunks[0]}
	rows[0].Length = rows[1].Length + rows[2].Length
	v.replaceRows(rows)
	dir := t.TempDir()
	if _, err := v.extract(dir, rows[0].ID); err == nil || !strings.Contains(err.Error(), rows[0].ID) {
		t.Errorf("error is %v", err)
	}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			t.Errorf("%s is left", path)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// TestImpossibleCounts: a manifest is damaged if it is complete and has pending items, or if its
// counts are not possible.
func TestImpossibleCounts(t *testing.T) {
	v := newVault(t, simulator.Options{Seed: 3, Items: 20, ItemSize: 3 << 10})
	s, _ := v.latest()
	original, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, problem string }{
		"pending":  {fmt.Sprintf(`"listed":%d,`, s.Run.Listed), fmt.Sprintf(`"listed":%d,`, s.Run.Listed+3), "pending"},
		"removed":  {`"removed":0`, `"removed":-1`, "count"},
		"stored":   {`"stored":`, `"stored":-`, "totals"},
		"failures": {`"failures":[]`, `"failures":[{"id":"i","folder":"f","attempts":-1}]`, "attempts"},
	} {
		t.Run(name, func(t *testing.T) {
			data := bytes.Replace(original, []byte(c.old), []byte(c.new), 1)
			if name == "pending" {
				data = bytes.Replace(data, []byte(`"pending":0`), []byte(`"pending":3`), 1)
			}
			key := v.replace(s, data)
			got := v.verify(restore.VerifyOptions{})
			if got.Found != 1 || !strings.Contains(got.Problems[0].Error, c.problem) || bytes.Equal(data, original) {
				t.Errorf("%s: problems are %+v", key, got.Problems)
			}
		})
	}
}
