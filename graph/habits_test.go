package graph_test

import (
	"errors"
	"testing"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/simulator"
)

// TestByteOrderMarks: one before each answer, be it a list, an export or an error, is no
// part of it.
func TestByteOrderMarks(t *testing.T) {
	w := newWorld(t, "v1.0", simulator.Options{Items: 60})
	w.sim.Inject(simulator.Fault{Times: -1, ByteOrderMark: true})
	found, err := w.client.Mailboxes(t.Context(), w.mailbox.User, false)
	if err != nil || len(found) != 1 {
		t.Errorf("found %v, %v", found, err)
	}
	_, items := w.listed()
	if len(items) == 0 {
		t.Fatal("nothing was listed")
	}
	for id := range items {
		v := &oneVerdict{of: map[string]int{}}
		if err := w.box.Export(t.Context(), []string{id}, v); err != nil || v.of[id] != 1 || v.failed > 0 {
			t.Errorf("exported %v, %v", v.of, err)
		}
		break
	}
	_, err = w.box.Folder(t.Context(), "none")
	var e *graph.Error
	if !errors.As(err, &e) || e.Code == "" {
		t.Errorf("got %v", err)
	}
}

// TestItem: an item as it is now.
func TestItem(t *testing.T) {
	w := newWorld(t, "v1.0", simulator.Options{Items: 60})
	folders, items := w.listed()
	for _, f := range folders {
		for it, err := range w.box.AllItems(t.Context(), f.ID) {
			if err != nil {
				t.Fatal(err)
			}
			if err := w.sim.Touch(w.mailbox.ID, it.ID); err != nil {
				t.Fatal(err)
			}
			got, err := w.box.Item(t.Context(), f.ID, it.ID)
			if err != nil || got.ID != it.ID || got.ChangeKey == items[it.ID].ChangeKey || !got.LastModifiedDateTime.After(it.LastModifiedDateTime) {
				t.Errorf("got %+v, %v, listed as %+v", got, err, it)
			}
			if _, err := w.box.Item(t.Context(), f.ID, "none"); err == nil {
				t.Error("there is an item none")
			}
			return
		}
	}
}
