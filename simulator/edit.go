package simulator

import (
	"errors"
	"slices"
)

// The reasons why a folder cannot be changed as asked.
var (
	errFixedFolder = errors.New("folder cannot be moved, renamed or deleted")
	errBadParent   = errors.New("folder cannot be put there")
)

// deepestFolder is how deep folders may nest.
const deepestFolder = 40

// edit changes the tree. with gets a copy that it may alter, except that it replaces lists of children instead of
// writing to them, and returns the folders whose properties changed.
func (m *mailbox) edit(with func(t *tree) ([]int, error)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	t := &tree{folders: slices.Clone(m.tree.folders), filled: m.tree.filled}
	changed, err := with(t)
	if err != nil {
		return err
	}
	m.tree = t
	for _, i := range changed {
		m.seq++
		m.log.add(m.seq, uint64(i))
	}
	return nil
}

// holder refuses a folder that is no place for folders.
func (t *tree) holder(i int) error {
	if f := &t.folders[i]; f.gone || f.search || f.wellKnown == "searchfolders" || t.depth(i) >= deepestFolder {
		return errBadParent
	}
	return nil
}

// movable refuses a folder that the mailbox needs where it is.
func (t *tree) movable(i int) error {
	switch f := &t.folders[i]; {
	case f.gone:
		return errUnknownID
	case f.parent < 0 || f.wellKnown != "" || f.search:
		return errFixedFolder
	}
	return nil
}

func (t *tree) depth(i int) int {
	n := 0
	for ; t.folders[i].parent >= 0; i = t.folders[i].parent {
		n++
	}
	return n
}

// below lists a folder and all folders under it.
func (t *tree) below(i int) []int {
	all := []int{i}
	for k := 0; k < len(all); k++ {
		all = append(all, t.folders[all[k]].children...)
	}
	return all
}

// attach makes a folder the last child of another.
func (t *tree) attach(i, parent int) {
	t.folders[i].parent = parent
	t.folders[parent].children = append(slices.Clip(t.folders[parent].children), i)
}

func (t *tree) detach(i int) {
	parent := &t.folders[t.folders[i].parent]
	parent.children = slices.DeleteFunc(slices.Clone(parent.children), func(k int) bool { return k == i })
}

// createFolder makes an empty folder.
func (m *mailbox) createFolder(parent int, name, kind string) (index int, err error) {
	err = m.edit(func(t *tree) ([]int, error) {
		if err := t.holder(parent); err != nil {
			return nil, err
		}
		index = len(t.folders)
		t.folders = append(t.folders, folder{index: index, name: name, kind: kind, created: true, auxiliary: t.folders[parent].auxiliary})
		t.attach(index, parent)
		return []int{parent, index}, nil
	})
	return index, err
}

func (m *mailbox) renameFolder(i int, name string) error {
	return m.edit(func(t *tree) ([]int, error) {
		if err := t.movable(i); err != nil {
			return nil, err
		}
		t.folders[i].name = name
		return []int{i}, nil
	})
}

// moveFolder puts a folder, with all below it, under another. Their ids stay.
func (m *mailbox) moveFolder(i, parent int) error {
	return m.edit(func(t *tree) ([]int, error) {
		if err := t.movable(i); err != nil {
			return nil, err
		}
		if err := t.holder(parent); err != nil {
			return nil, err
		}
		if slices.Contains(t.below(i), parent) {
			return nil, errBadParent
		}
		old := t.folders[i].parent
		t.detach(i)
		t.attach(i, parent)
		if f := &t.folders[i]; !slices.Contains(f.former, old) {
			f.former = append(slices.Clip(f.former), old)
		}
		return []int{old, parent, i}, nil
	})
}

// deleteFolder removes a folder for good, with all that is in it.
func (m *mailbox) deleteFolder(i int) error {
	return m.edit(func(t *tree) ([]int, error) {
		if err := t.movable(i); err != nil {
			return nil, err
		}
		t.detach(i)
		all := t.below(i)
		for _, k := range all {
			t.folders[k].gone = true
			m.forget(k)
		}
		return append([]int{t.folders[i].parent}, all...), nil
	})
}

// forget drops what is known of the items of a folder that is gone; the caller holds the lock.
func (m *mailbox) forget(folder int) {
	list := m.folders[folder]
	if list == nil {
		return
	}
	for number := range list.log.latest {
		delete(m.items, number)
	}
	delete(m.folders, folder)
}

// place makes folders live in an auxiliary mailbox, or in the main one if it is 0.
func (m *mailbox) place(i, auxiliary int) error {
	return m.edit(func(t *tree) ([]int, error) {
		all := t.below(i)
		for _, k := range all {
			t.folders[k].auxiliary = auxiliary
		}
		return all, nil
	})
}
