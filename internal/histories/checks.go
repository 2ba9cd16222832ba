package histories

import (
	"bytes"
	"testing"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/simulator"
	"github.com/mailhaul/mailhaul/snapshots"
)

// Held returns the items of a mailbox's last snapshot by id, and expects each to be held once.
func Held(t testing.TB, repo *repository.Repository, mailbox string) map[string]manifest.Row {
	t.Helper()
	s, err := snapshots.Latest(t.Context(), repo, mailbox)
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]manifest.Row{}
	for row, err := range s.Items(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := rows[row.ID]; twice {
			t.Errorf("item %s is held twice", row.ID)
		}
		rows[row.ID] = row
	}
	return rows
}

// CheckHeld expects a mailbox's last snapshot to hold exactly what the mailbox has: every item
// once, byte for byte.
func CheckHeld(t testing.TB, repo *repository.Repository, sim *simulator.Server, mailbox string) {
	t.Helper()
	rows := Held(t, repo, mailbox)
	listed := 0
	for it := range sim.Items(mailbox) {
		listed++
		row, ok := rows[it.ID]
		if !ok {
			t.Errorf("item %s is missing", it.ID)
			continue
		}
		var b bytes.Buffer
		if err := sim.WriteItem(&b, mailbox, it.ID); err != nil {
			t.Fatal(err)
		}
		if manifest.SumOf(b.Bytes()) != row.SHA256 || int64(b.Len()) != row.Length {
			t.Errorf("item %s differs from its source", it.ID)
		}
	}
	if len(rows) != listed {
		t.Errorf("%d items are held, the mailbox has %d", len(rows), listed)
	}
}

// changeKeys returns the change keys of the items in the mailbox, by id.
func (h *history) changeKeys() map[string]string {
	items := map[string]string{}
	for it := range h.sim.Items(h.mailbox.ID) {
		items[it.ID] = it.ChangeKey
	}
	return items
}

// checkComplete expects a complete snapshot to hold all items that did not change during the run,
// except for those that the report says failed or are missing.
func (h *history) checkComplete(rep *pipeline.Report, before, after map[string]string) {
	h.t.Helper()
	held, excused := Held(h.t, h.repo, h.mailbox.ID), map[string]bool{}
	for _, f := range rep.Failures {
		excused[f.ID] = true
	}
	missing := int64(0)
	for _, s := range rep.Short {
		missing += s.ShortBy()
	}
	for id, changeKey := range before {
		if after[id] != changeKey || excused[id] {
			continue
		}
		row, ok := held[id]
		if !ok {
			if missing--; missing < 0 {
				h.t.Errorf("a complete snapshot lacks item %s", id)
			}
			continue
		}
		var b bytes.Buffer
		h.check(h.sim.WriteItem(&b, h.mailbox.ID, id))
		if manifest.SumOf(b.Bytes()) != row.SHA256 {
			h.t.Errorf("a complete snapshot has an old version of item %s", id)
		}
	}
}

// verify expects the repository to be intact, data included.
func (h *history) verify() {
	h.t.Helper()
	v, err := restore.Verify(h.t.Context(), h.repo, restore.VerifyOptions{})
	if err != nil {
		h.t.Fatal(err)
	}
	for _, p := range v.Problems {
		h.t.Errorf("%s: %s", p.Object, p.Error)
	}
}

// checkFolders expects the last snapshot to have the folders of the mailbox.
func (h *history) checkFolders() {
	h.t.Helper()
	s, err := snapshots.Latest(h.t.Context(), h.repo, h.mailbox.ID)
	h.check(err)
	want := map[string]simulator.Folder{}
	for _, f := range h.sim.Folders(h.mailbox.ID) {
		if f.ParentID != "" && !f.Search && f.WellKnownName != "searchfolders" {
			want[f.ID] = f
		}
	}
	for _, f := range s.Folders {
		w, ok := want[f.ID]
		if !ok || w.DisplayName != f.DisplayName || w.ParentID != f.ParentFolderID && len(f.Path) > 1 || int64(w.Items) != f.Items {
			h.t.Errorf("folder %q of %d items is %+v", f.Path, f.Items, w)
		}
		delete(want, f.ID)
	}
	if len(want) > 0 {
		h.t.Errorf("folders are missing: %+v", want)
	}
}
