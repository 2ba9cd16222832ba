package pipeline

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/graph"
)

// selectionTree returns folders of every kind that selections distinguish.
func selectionTree() []graph.Folder {
	return []graph.Folder{
		{ID: "1", ParentFolderID: "root", Path: []string{"Posteingang"}, WellKnownName: "inbox"},
		{ID: "2", ParentFolderID: "1", Path: []string{"Posteingang", "A"}},
		{ID: "3", ParentFolderID: "2", Path: []string{"Posteingang", "A", "B/C"}},
		{ID: "4", ParentFolderID: "root", Path: []string{"A"}},
		{ID: "5", ParentFolderID: "6", Path: []string{"ring", "ring"}},
		{ID: "6", ParentFolderID: "5", Path: []string{"ring"}},
		{ID: "7", ParentFolderID: "root", Path: []string{"Secret"}, Hidden: true},
		{ID: "8", ParentFolderID: "7", Path: []string{"Secret", "Deep"}},
		{ID: "9", ParentFolderID: "root", Path: []string{"Recoverable Items"}, WellKnownName: "recoverableitemsroot"},
		{ID: "10", ParentFolderID: "9", Path: []string{"Recoverable Items", "Deletions"}, WellKnownName: "recoverableitemsdeletions"},
	}
}

func TestChoose(t *testing.T) {
	parse := func(texts ...string) (paths [][]string) {
		for _, text := range texts {
			p, err := ParsePath(text)
			if err != nil {
				t.Fatal(err)
			}
			paths = append(paths, p)
		}
		return paths
	}
	for name, c := range map[string]struct {
		selection Selection
		want      []string
	}{
		"everything":     {Selection{}, []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10"}},
		"well-known":     {Selection{Folders: parse("inbox")}, []string{"1", "2", "3"}},
		"case":           {Selection{Folders: parse("posteingang/a")}, []string{"2", "3"}},
		"top":            {Selection{Folders: parse("A")}, []string{"4"}},
		"slash":          {Selection{Folders: parse(`Posteingang/A/B\/C`)}, []string{"3"}},
		"ring":           {Selection{Folders: parse("ring")}, []string{"5", "6"}},
		"star":           {Selection{Folders: parse("Post*/?")}, []string{"2", "3"}},
		"any depth":      {Selection{Folders: parse("**/A")}, []string{"2", "3", "4"}},
		"any depth last": {Selection{Folders: parse("inbox/**"), Exclude: parse("**/B*")}, nil},
		"excluded":       {Selection{Exclude: parse("inbox", "ring", "Secret", "recoverableitemsroot")}, []string{"4"}},
		"both":           {Selection{Folders: parse("inbox", "A"), Exclude: parse("**/A/B*")}, []string{"1", "2", "4"}},
		"no hidden":      {Selection{NoHidden: true, Folders: parse("A", "Secret")}, []string{"4"}},
		"no recoverable": {Selection{NoRecoverable: true, Folders: parse("Recoverable Items", "A")}, []string{"4"}},
	} {
		tree := selectionTree()
		out, err := c.selection.choose(tree)
		if c.want == nil {
			if !errors.Is(err, ErrNoFolder) {
				t.Errorf("%s: error is %v", name, err)
			}
			continue
		}
		var got []string
		for i := range tree {
			if out[tree[i].ID] == "" {
				got = append(got, tree[i].ID)
			}
		}
		if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v\n%s", name, err, diff)
		}
	}
	if _, err := (&Selection{Folders: parse("A", "B")}).choose(selectionTree()); !errors.Is(err, ErrNoFolder) {
		t.Errorf("error is %v", err)
	}
}

func TestTakes(t *testing.T) {
	day := func(d int) time.Time { return time.Date(2026, 3, d, 0, 0, 0, 0, time.UTC) }
	s := Selection{Types: []string{"IPM.Note", "IPM.Schedule.*"}, Since: day(2), Before: day(4)}
	var got []int
	for i, it := range []graph.Item{
		{Type: "IPM.Note", CreatedDateTime: day(1)}, {Type: "IPM.Note", CreatedDateTime: day(2)},
		{Type: "IPM.Note", CreatedDateTime: day(3)}, {Type: "IPM.Note", CreatedDateTime: day(4)},
		{Type: "ipm.schedule.meeting.request", CreatedDateTime: day(3)}, {Type: "IPM.Contact", CreatedDateTime: day(3)},
	} {
		if s.takes(&it) {
			got = append(got, i)
		}
	}
	if !slices.Equal(got, []int{1, 2, 4}) {
		t.Errorf("takes %v", got)
	}
	if s.isAll() || s.manifest() == nil || !(&Selection{}).isAll() || (&Selection{}).manifest() != nil {
		t.Error("a selection is taken for none, or the other way round")
	}
}
