package mailbox

import (
	"cmp"
	"slices"
)

// Change is an entry of a log: something changed.
type Change struct {
	Position uint64 // in the order of all the mailbox's changes, from 1
	What     uint64 // an item's number or a folder's index
}

// changeLog lists what has changed, each thing once, in the order of its latest change.
type changeLog struct {
	entries []Change // some are stale
	latest  map[uint64]uint64
}

func (l *changeLog) add(position, what uint64) {
	if l.latest == nil {
		l.latest = map[uint64]uint64{}
	}
	l.latest[what] = position
	l.entries = append(l.entries, Change{position, what})
	if len(l.entries) > 2*len(l.latest)+64 {
		l.entries = slices.DeleteFunc(l.entries, l.stale)
	}
}

// stale reports whether the thing changed again later.
func (l *changeLog) stale(c Change) bool {
	return l.latest[c.What] != c.Position
}

// between returns up to n changes after one position, up to and including another, and whether
// there are more.
func (l *changeLog) between(after, until uint64, n int) (changes []Change, more bool) {
	i, _ := slices.BinarySearchFunc(l.entries, after+1, func(c Change, position uint64) int { return cmp.Compare(c.Position, position) })
	for ; i < len(l.entries) && l.entries[i].Position <= until; i++ {
		if l.stale(l.entries[i]) {
			continue
		}
		if len(changes) == n {
			return changes, true
		}
		changes = append(changes, l.entries[i])
	}
	return changes, false
}

// Position returns the number of changes so far.
func (m *Mailbox) Position() uint64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.history.position
}

// ChangedFolders returns up to n folders that changed, themselves or in their items, after one
// position, up to and including another, and whether there are more.
func (m *Mailbox) ChangedFolders(after, until uint64, n int) (changes []Change, more bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.history.log.between(after, until, n)
}

// ChangedItems is like ChangedFolders for the items of a folder. A search folder has the changes of
// its source.
func (m *Mailbox) ChangedItems(f *Folder, after, until uint64, n int) (changes []Change, more bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	list := m.history.folders[f.shown()]
	if list == nil {
		return nil, false
	}
	return list.log.between(after, until, n)
}
