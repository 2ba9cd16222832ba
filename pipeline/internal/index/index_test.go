package index

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
)

// An indexModel does what an Index does, with plain maps.
type indexModel struct {
	held    map[[2]string]int64 // lengths of live rows by folder and id
	listed  map[[2]string]string
	seen    map[[2]string]bool
	inPass  map[[2]string]bool
	removed map[[2]string]bool
	passes  map[string]uint8
}

// TestModel compares the index with plain maps over random histories.
func TestModel(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		checkIndex(t, rng)
	}
}

func checkIndex(t *testing.T, rng *rand.Rand) {
	m := indexModel{
		map[[2]string]int64{}, map[[2]string]string{}, map[[2]string]bool{}, map[[2]string]bool{}, map[[2]string]bool{}, map[string]uint8{},
	}
	random := func() ([2]string, *manifest.Row) {
		row := &manifest.Row{
			Folder: fmt.Sprint("f", rng.IntN(3)), ID: fmt.Sprint("i", rng.IntN(30)),
			ChangeKey: fmt.Sprint("c", rng.IntN(3)), Length: 1 + rng.Int64N(1<<39),
		}
		return [2]string{row.Folder, row.ID}, row
	}
	var rows []*manifest.Row
	for range 60 {
		k, row := random()
		if rng.IntN(4) == 0 {
			row.Removed, row.Length = manifest.RemovedDeleted, 0
			delete(m.held, k)
		} else {
			m.held[k], m.listed[k] = row.Length, row.ChangeKey
		}
		rows = append(rows, row)
	}
	x := New()
	x.Start(m.snapshot())
	for _, row := range rows {
		x.Load(row)
	}
	for range 150 {
		k, row := random()
		switch rng.IntN(5) {
		case 0, 1:
			m.see(t, x, k, row)
		case 2:
			m.remove(t, x, k, row)
		case 3:
			if m.seen[k] {
				x.Recorded(row)
				m.held[k] = row.Length
			}
		case 4:
			_, want := m.held[k]
			if got := x.Delete(row.Key(), k[0]); got != want {
				t.Fatalf("%v had a live row: %t", k, got)
			}
			delete(m.held, k)
		}
		if rng.IntN(30) == 0 {
			x.StartPass(k[0])
			m.startPass(k[0])
		}
		if got, want := x.Shown(row.Key(), k[0]), m.inPass[k] || m.removed[k]; got != want {
			t.Fatalf("%v is shown: %t", k, got)
		}
		entire := rng.IntN(2) == 0
		if got, want := x.IsGone(row.Key(), k[0], entire), entire && !m.inPass[k] || m.removed[k]; got != want {
			t.Fatalf("%v is gone: %t", k, got)
		}
	}
	m.compare(t, x)
}

func (m *indexModel) startPass(folder string) {
	m.passes[folder]++
	for k := range m.inPass {
		if k[0] == folder {
			delete(m.inPass, k)
		}
	}
}

func (m *indexModel) snapshot() *manifest.Snapshot {
	s := &manifest.Snapshot{}
	for i := range 3 {
		f := manifest.Folder{ID: fmt.Sprint("f", i)}
		for k, length := range m.held {
			if k[0] == f.ID {
				f.Items++
				s.Totals.Bytes += length
			}
		}
		s.Folders = append(s.Folders, f)
	}
	return s
}

func (m *indexModel) see(t *testing.T, x *Index, k [2]string, row *manifest.Row) {
	_, held := m.held[k]
	same := m.listed[k] == row.ChangeKey && (held || m.seen[k])
	want := NotHeld
	switch {
	case m.seen[k] && same:
		want = Duplicate
	case m.seen[k]:
		want = Changed
	case same && held && !m.removed[k]:
		want = Held
	}
	if got, first := x.See(row.Key(), k[0], row.ChangeKey); got != want || first == m.inPass[k] {
		t.Fatalf("%v is %d, expected %d; first in its pass: %t", k, got, want, first)
	}
	m.seen[k], m.inPass[k], m.listed[k] = true, true, row.ChangeKey
	delete(m.removed, k)
}

func (m *indexModel) remove(t *testing.T, x *Index, k [2]string, row *manifest.Row) {
	_, held := m.held[k]
	want := RemovedUnknown
	switch {
	case m.seen[k]:
		want = RemovedSeen
	case m.removed[k]:
		want = RemovedBefore
	case held && !m.removed[k]:
		want = RemovedHeld
	}
	if got := x.Remove(row.Key(), k[0]); got != want {
		t.Fatalf("%v removed is %d, expected %d", k, got, want)
	}
	if want != RemovedSeen {
		m.removed[k] = true
	}
}

func (m *indexModel) compare(t *testing.T, x *Index) {
	counts, bytes := map[string]*Counts{"f0": {}, "f1": {}, "f2": {}}, int64(0)
	for k, length := range m.held {
		counts[k[0]].Held++
		bytes += length
		if !m.seen[k] && !m.removed[k] {
			counts[k[0]].Unseen++
		}
	}
	for k := range m.seen {
		counts[k[0]].Any++
	}
	for k := range m.inPass {
		counts[k[0]].Seen++
	}
	for folder, want := range counts {
		want.pass = m.passes[folder]
		if got := x.Count(folder); got != *want {
			t.Errorf("folder %s counts %+v, expected %+v", folder, got, *want)
		}
	}
	if x.Size() != bytes {
		t.Errorf("%d bytes, expected %d", x.Size(), bytes)
	}
}

// TestWithoutChangeKey: an item without a change key never counts as held.
func TestWithoutChangeKey(t *testing.T) {
	x := New()
	row := &manifest.Row{Folder: "f", ID: "i", Length: 1}
	x.Start(&manifest.Snapshot{Folders: []manifest.Folder{{ID: "f", Items: 1}}})
	x.Load(row)
	if sighting, _ := x.See(row.Key(), "f", ""); sighting != NotHeld {
		t.Error("the item counts as held")
	}
}
