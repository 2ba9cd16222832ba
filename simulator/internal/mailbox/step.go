package mailbox

import (
	"fmt"
	"math/rand/v2"
)

// step is a kind of random change. do returns what it did, or "" if it was not possible.
type step struct {
	share int // of 100
	do    func(*Mailbox, *rand.Rand) string
}

var steps = []step{
	{25, touchItems}, {22, addItems}, {15, deleteItems}, {15, moveItems},
	{7, createFolder}, {5, renameFolder}, {5, moveFolder}, {3, deleteFolder}, {3, fillNewFolder},
}

// Step makes one random change, which may be of several items, and returns what it did.
func (m *Mailbox) Step(r *rand.Rand) string {
	for {
		n := r.IntN(100)
		for _, s := range steps {
			if n -= s.share; n >= 0 {
				continue
			}
			if what := s.do(m, r); what != "" {
				return what
			}
			break
		}
	}
}

// itemsInStep draws how many items a change is of: mostly one, now and then more than a page.
func itemsInStep(r *rand.Rand) int {
	switch n := r.IntN(20); {
	case n < 14:
		return 1
	case n < 19:
		return 2 + r.IntN(4)
	}
	return 10 + r.IntN(20)
}

// randomItem chooses an item that is present.
func randomItem(m *Mailbox, r *rand.Rand) (number uint64, in *Folder, ok bool) {
	t := m.Tree()
	var views []*View
	total := 0
	for i := range t.Folders {
		if f := &t.Folders[i]; !f.Gone && !f.Search {
			v := m.View(f, ByCreation)
			views, total = append(views, v), total+v.Len()
		}
	}
	if total == 0 {
		return 0, nil, false
	}
	at := r.IntN(total)
	for _, v := range views {
		if at < v.Len() {
			return v.Number(at), v.folder, true
		}
		at -= v.Len()
	}
	return 0, nil, false
}

// randomFolder chooses a folder that fits allows.
func randomFolder(m *Mailbox, r *rand.Rand, fits func(t *Tree, i int) bool) (*Folder, bool) {
	t := m.Tree()
	var fitting []int
	for i := range t.Folders {
		if !t.Folders[i].Gone && fits(t, i) {
			fitting = append(fitting, i)
		}
	}
	if len(fitting) == 0 {
		return nil, false
	}
	return &t.Folders[fitting[r.IntN(len(fitting))]], true
}

func takesItems(t *Tree, i int) bool {
	f := &t.Folders[i]
	return f.Parent >= 0 && !f.Search && f.WellKnownName != "searchfolders"
}

func takesFolders(t *Tree, i int) bool { return t.checkParent(i) == nil }

func isMovable(t *Tree, i int) bool { return t.checkMovable(i) == nil }

func touchItems(m *Mailbox, r *rand.Rand) string {
	return changeItems(m, r, "touched", func(number uint64, _ *Folder) error { return m.Touch(number) })
}

func deleteItems(m *Mailbox, r *rand.Rand) string {
	return changeItems(m, r, "deleted", func(number uint64, _ *Folder) error { return m.Delete(number) })
}

func moveItems(m *Mailbox, r *rand.Rand) string {
	to, ok := randomFolder(m, r, takesItems)
	if !ok {
		return ""
	}
	return changeItems(m, r, "moved to "+to.Name, func(number uint64, in *Folder) error {
		if in.Index == to.Index {
			return nil
		}
		_, err := m.Move(number, to.Index)
		return err
	})
}

// changeItems changes one or more items.
func changeItems(m *Mailbox, r *rand.Rand, what string, change func(number uint64, in *Folder) error) string {
	n := 0
	for range itemsInStep(r) {
		number, f, ok := randomItem(m, r)
		if ok && change(number, f) == nil {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d items %s", n, what)
}

func addItems(m *Mailbox, r *rand.Rand) string {
	f, ok := randomFolder(m, r, takesItems)
	if !ok {
		return ""
	}
	n := itemsInStep(r)
	for range n {
		if _, err := m.Add(f.Index); err != nil {
			return ""
		}
	}
	return fmt.Sprintf("%d items added to %s", n, f.Name)
}

// newNames are the names of new folders. Several folders may get the same one.
var newNames = []string{"New Folder", "new folder", "Clients/2026", "Ünïcode ✓", "..", "", "AUX", "Q3", "Holiday photos "}

// maxNewFolders bounds the folders that a mailbox gets at random.
const maxNewFolders = 100

func createFolder(m *Mailbox, r *rand.Rand) string {
	parent, ok := randomFolder(m, r, takesFolders)
	if !ok || newFolders(m.Tree()) >= maxNewFolders {
		return ""
	}
	name := newNames[r.IntN(len(newNames))]
	if _, err := m.CreateFolder(parent.Index, name); err != nil {
		return ""
	}
	return fmt.Sprintf("folder %q created in %s", name, parent.Name)
}

// newFolders counts the folders that are not from the seed.
func newFolders(t *Tree) int {
	n := 0
	for i := range t.Folders {
		if f := &t.Folders[i]; !f.Gone && f.Created {
			n++
		}
	}
	return n
}

// fillNewFolder adds items to a folder that is not from the seed.
func fillNewFolder(m *Mailbox, r *rand.Rand) string {
	f, ok := randomFolder(m, r, func(t *Tree, i int) bool { return t.Folders[i].Created })
	if !ok {
		return ""
	}
	n := 1 + r.IntN(30)
	for range n {
		if _, err := m.Add(f.Index); err != nil {
			return ""
		}
	}
	return fmt.Sprintf("%d items added to new %s", n, f.Name)
}

func renameFolder(m *Mailbox, r *rand.Rand) string {
	f, ok := randomFolder(m, r, isMovable)
	name := newNames[r.IntN(len(newNames))]
	if !ok || m.RenameFolder(f.Index, name) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s renamed %q", f.Name, name)
}

func moveFolder(m *Mailbox, r *rand.Rand) string {
	f, ok := randomFolder(m, r, isMovable)
	to, found := randomFolder(m, r, takesFolders)
	if !ok || !found || m.MoveFolder(f.Index, to.Index) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s moved to %s", f.Name, to.Name)
}

// deleteFolder deletes a folder, unless much of the mailbox is in it.
func deleteFolder(m *Mailbox, r *rand.Rand) string {
	f, ok := randomFolder(m, r, isMovable)
	if !ok {
		return ""
	}
	t := m.Tree()
	n := 0
	for _, i := range t.below(f.Index) {
		n += m.Count(&t.Folders[i])
	}
	if uint64(n) > 20+m.Items/20 || m.DeleteFolder(f.Index) != nil {
		return ""
	}
	return fmt.Sprintf("folder %s deleted with %d items", f.Name, n)
}
