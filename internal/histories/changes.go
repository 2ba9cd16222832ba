package histories

import (
	"fmt"
	"slices"

	"github.com/mailhaul/mailhaul/simulator"
)

// change changes the mailbox n times at random.
func (h *history) change(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for range n {
		h.changeOnce()
	}
}

// burst changes n items of the inbox.
func (h *history) burst(n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	m := h.mailbox.ID
	for range n {
		ids := h.inbox()
		what, err := "add in the inbox", error(nil)
		switch {
		case len(ids) < 5 || h.rng.IntN(3) == 0:
			_, err = h.sim.Add(m, "inbox")
		case h.rng.IntN(6) == 0:
			what, err = "delete in the inbox", h.sim.Delete(m, ids[h.rng.IntN(len(ids))])
		default:
			what, err = "touch in the inbox", h.sim.Touch(m, ids[h.rng.IntN(len(ids))])
		}
		h.logf("%s: %v", what, err)
	}
}

// changeOnce changes an item or a folder. The caller holds mu.
func (h *history) changeOnce() {
	m := h.mailbox.ID
	folders := slices.DeleteFunc(h.sim.Folders(m), func(f simulator.Folder) bool {
		return f.Search || f.ParentID == "" || f.WellKnownName == "searchfolders"
	})
	folder := func() string { return folders[h.rng.IntN(len(folders))].ID }
	var what string
	var err error
	switch h.rng.IntN(14) {
	case 0, 1, 2:
		what, err = "touch", h.sim.Touch(m, h.someItem())
	case 3, 4, 5:
		what = "add"
		_, err = h.sim.Add(m, folder())
	case 6, 7:
		what, err = "delete", h.sim.Delete(m, h.someItem())
	case 8, 9:
		what = "move"
		_, err = h.sim.Move(m, h.someItem(), folder())
	case 10:
		what = "create folder"
		_, err = h.sim.CreateFolder(m, folder(), fmt.Sprint("New ", h.rng.IntN(3)))
	case 11:
		what, err = "rename folder", h.sim.RenameFolder(m, folder(), fmt.Sprint("Other ", h.rng.IntN(3)))
	case 12:
		what, err = "move folder", h.sim.MoveFolder(m, folder(), folder())
	case 13:
		what, err = "delete folder", h.sim.DeleteFolder(m, folder())
	}
	h.logf("%s: %v", what, err)
}

// inbox returns the ids of the inbox's items.
func (h *history) inbox() (ids []string) {
	for _, f := range h.sim.Folders(h.mailbox.ID) {
		if f.WellKnownName != "inbox" {
			continue
		}
		for it := range h.sim.Items(h.mailbox.ID) {
			if it.FolderID == f.ID {
				ids = append(ids, it.ID)
			}
		}
	}
	return ids
}

// someItem returns the id of an item of the mailbox; "" if it has none. The caller holds mu.
func (h *history) someItem() string {
	var ids []string
	for it := range h.sim.Items(h.mailbox.ID) {
		ids = append(ids, it.ID)
	}
	if len(ids) == 0 {
		return ""
	}
	return ids[h.rng.IntN(len(ids))]
}
