package rows_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// TestOverlay: the last row of each key is live, unless it is a tombstone or its folder is gone.
func TestOverlay(t *testing.T) {
	item := func(id string) manifest.Row { return manifest.Row{ID: id, Folder: "inbox"} }
	removed := func(id string) manifest.Row {
		return manifest.Row{ID: id, Folder: "inbox", Removed: manifest.RemovedDeleted}
	}
	all := []manifest.Row{
		item("1"), item("2"), {ID: "3", Folder: "vanished"}, removed("2"), item("1"), item("4"), item("2"), item("5"), removed("5"),
	}
	o := rows.NewOverlay(&manifest.Snapshot{Folders: []manifest.Folder{{ID: "inbox"}}})
	for i := range all {
		o.Apply(&all[i])
	}
	var live []int
	for i := range all {
		if _, isLive := o.Next(&all[i]); isLive {
			live = append(live, i)
		}
	}
	if diff := cmp.Diff([]int{4, 5, 6}, live); diff != "" {
		t.Errorf("live rows differ:\n%s", diff)
	}
}
