package mailbox

import (
	"errors"
	"slices"
)

// The reasons for which a folder cannot be changed.
var (
	errFixedFolder = errors.New("folder cannot be moved, renamed or deleted")
	errBadParent   = errors.New("folder cannot contain this folder")
)

// maxFolderDepth bounds how deep folders nest.
const maxFolderDepth = 40

// edit replaces the tree. change gets a copy that it may alter, except that it replaces lists of
// indices instead of writing to them. It returns the folders whose properties changed.
func (m *Mailbox) edit(change func(t *Tree) ([]int, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &Tree{Folders: slices.Clone(m.tree.Folders), filled: m.tree.filled}
	changed, err := change(t)
	if err != nil {
		return err
	}
	m.tree = t
	for _, i := range changed {
		m.history.position++
		m.history.log.add(m.history.position, uint64(i))
	}
	return nil
}

// checkParent refuses a folder that cannot contain folders.
func (t *Tree) checkParent(i int) error {
	if f := &t.Folders[i]; f.Gone || f.Search || f.WellKnownName == "searchfolders" || t.depth(i) >= maxFolderDepth {
		return errBadParent
	}
	return nil
}

// checkMovable refuses a folder that the mailbox needs where it is.
func (t *Tree) checkMovable(i int) error {
	switch f := &t.Folders[i]; {
	case f.Gone:
		return ErrUnknownID
	case f.Parent < 0 || f.WellKnownName != "" || f.Search:
		return errFixedFolder
	}
	return nil
}

func (t *Tree) depth(i int) int {
	n := 0
	for ; t.Folders[i].Parent >= 0; i = t.Folders[i].Parent {
		n++
	}
	return n
}

// below lists a folder and all folders under it.
func (t *Tree) below(i int) []int {
	all := []int{i}
	for k := 0; k < len(all); k++ {
		all = append(all, t.Folders[all[k]].Children...)
	}
	return all
}

// attach makes a folder the last child of another.
func (t *Tree) attach(i, parent int) {
	t.Folders[i].Parent = parent
	t.Folders[parent].Children = append(slices.Clip(t.Folders[parent].Children), i)
}

func (t *Tree) detach(i int) {
	parent := &t.Folders[t.Folders[i].Parent]
	parent.Children = slices.DeleteFunc(slices.Clone(parent.Children), func(k int) bool { return k == i })
}

// CreateFolder creates an empty folder of its parent's type, and returns its index.
func (m *Mailbox) CreateFolder(parent int, name string) (index int, err error) {
	err = m.edit(func(t *Tree) ([]int, error) {
		if err := t.checkParent(parent); err != nil {
			return nil, err
		}
		in := &t.Folders[parent]
		index = len(t.Folders)
		f := Folder{Index: index, Name: name, Type: in.Type, Created: true, Auxiliary: in.Auxiliary}
		if f.Type == "" {
			f.Type = "IPF.Note"
		}
		t.Folders = append(t.Folders, f)
		t.attach(index, parent)
		return []int{parent, index}, nil
	})
	return index, err
}

// RenameFolder gives a folder another name.
func (m *Mailbox) RenameFolder(i int, name string) error {
	return m.edit(func(t *Tree) ([]int, error) {
		if err := t.checkMovable(i); err != nil {
			return nil, err
		}
		t.Folders[i].Name = name
		return []int{i}, nil
	})
}

// MoveFolder puts a folder, with all below it, under another. Their ids stay.
func (m *Mailbox) MoveFolder(i, parent int) error {
	return m.edit(func(t *Tree) ([]int, error) {
		if err := t.checkMovable(i); err != nil {
			return nil, err
		}
		if err := t.checkParent(parent); err != nil {
			return nil, err
		}
		if slices.Contains(t.below(i), parent) {
			return nil, errBadParent
		}
		old := t.Folders[i].Parent
		t.detach(i)
		t.attach(i, parent)
		if f := &t.Folders[i]; !slices.Contains(f.Former, old) {
			f.Former = append(slices.Clip(f.Former), old)
		}
		return []int{old, parent, i}, nil
	})
}

// DeleteFolder removes a folder permanently, with all folders and items below it.
func (m *Mailbox) DeleteFolder(i int) error {
	return m.edit(func(t *Tree) ([]int, error) {
		if err := t.checkMovable(i); err != nil {
			return nil, err
		}
		t.detach(i)
		all := t.below(i)
		for _, k := range all {
			t.Folders[k].Gone = true
			m.history.forget(k)
		}
		return append([]int{t.Folders[i].Parent}, all...), nil
	})
}

// Relocate makes a folder and all below it live in an auxiliary mailbox, or in the main one if
// auxiliary is 0.
func (m *Mailbox) Relocate(i, auxiliary int) error {
	return m.edit(func(t *Tree) ([]int, error) {
		if t.Folders[i].Parent < 0 {
			return nil, errFixedFolder
		}
		all := t.below(i)
		for _, k := range all {
			t.Folders[k].Auxiliary = auxiliary
		}
		return all, nil
	})
}
