package simulator

import (
	"cmp"
	"slices"
	"sync"
	"time"
)

// firstAdded is the number of the first item that comes after the start; the seed's own are all below.
const firstAdded = 1 << 40

// state is a mailbox as it is now: what the seed says, and what has changed since. Only the changes take memory.
type state struct {
	mu      sync.RWMutex
	tree    *tree // replaced, never changed
	items   map[uint64]*change
	folders map[int]*folderChanges
	added   uint64
	seq     uint64 // the number of changes so far
	log     changeLog
	expired map[int]expired // by folder; -1 is the folders themselves
}

// presence tells whether an item is in its folder, or how it left.
type presence uint8

const (
	present presence = iota
	deleted
	moved
)

// change is what happened to an item. An item that moves ends in its old folder and begins, under a new number, in the next.
type change struct {
	folder   int
	presence presence
	version  uint32
	source   uint64 // the number that its content was made for
	home     int    // the folder that source was made in
	created  time.Time
	modified time.Time // zero if the seed's still holds
}

// folderChanges are the changed items of a folder. The lists of numbers ascend.
type folderChanges struct {
	missing []uint64 // of the seed's items, those that are not here any more
	touched []uint64 // of the seed's items, those that are here and changed
	extra   []uint64 // the others that are here
	log     changeLog
	views   [2]*view // made when asked for
}

func (s *state) at(folder int) *folderChanges {
	c := s.folders[folder]
	if c == nil {
		if s.folders == nil {
			s.folders = map[int]*folderChanges{}
		}
		c = &folderChanges{}
		s.folders[folder] = c
	}
	return c
}

// note puts a change of an item, and so of its folder, in the logs.
func (s *state) note(folder int, number uint64) {
	s.seq++
	list := s.at(folder)
	list.log.add(s.seq, number)
	list.views = [2]*view{}
	s.log.add(s.seq, uint64(folder))
}

func insert(list []uint64, number uint64) []uint64 {
	i, there := slices.BinarySearch(list, number)
	if there {
		return list
	}
	return slices.Insert(list, i, number)
}

func remove(list []uint64, number uint64) []uint64 {
	i, there := slices.BinarySearch(list, number)
	if !there {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// there returns what is known of an item that is in its folder, which may be no more than where it is.
func (m *mailbox) there(number uint64) (change, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	c, ok := m.lookup(number)
	return c, ok && c.presence == present && !m.tree.folders[c.folder].gone
}

// lookup returns what is known of any item, there or gone. The caller holds the lock.
func (m *mailbox) lookup(number uint64) (change, bool) {
	if c := m.items[number]; c != nil {
		return *c, true
	}
	if number >= m.count {
		return change{}, false
	}
	f := m.tree.holding(number)
	return change{folder: f.index, source: number, home: f.index, created: f.born(number)}, true
}

// record keeps a change of an item. The caller holds the lock.
func (m *mailbox) record(number uint64, c change) {
	if m.items == nil {
		m.items = map[uint64]*change{}
	}
	m.items[number] = &c
	m.note(c.folder, number)
}

// add puts a new item in a folder.
func (m *mailbox) add(folder int, now time.Time) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := &m.tree.folders[folder]; f.gone || f.search {
		return 0, errUnknownID
	}
	number := m.next()
	m.enter(number, change{folder: folder, source: number, home: folder, created: now, modified: now})
	return number, nil
}

func (m *mailbox) next() uint64 {
	m.added++
	return firstAdded + m.added - 1
}

func (m *mailbox) enter(number uint64, c change) {
	list := m.at(c.folder)
	list.extra = append(list.extra, number)
	m.record(number, c)
}

// leave takes an item out of its folder.
func (m *mailbox) leave(number uint64, c change, how presence) {
	list := m.at(c.folder)
	if number < firstAdded {
		list.missing, list.touched = insert(list.missing, number), remove(list.touched, number)
	} else {
		list.extra = remove(list.extra, number)
	}
	c.presence = how
	m.record(number, c)
}

// alter changes an item that is there, while the mailbox is locked.
func (m *mailbox) alter(number uint64, with func(c change) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	c, ok := m.lookup(number)
	if !ok || c.presence != present || m.tree.folders[c.folder].gone {
		return errUnknownID
	}
	return with(c)
}

func (m *mailbox) delete(number uint64) error {
	return m.alter(number, func(c change) error {
		m.leave(number, c, deleted)
		return nil
	})
}

func (m *mailbox) touch(number uint64, now time.Time) error {
	return m.alter(number, func(c change) error {
		c.version++
		c.modified = now
		if list := m.at(c.folder); number < firstAdded {
			list.touched = insert(list.touched, number)
		}
		m.record(number, c)
		return nil
	})
}

// move puts an item into another folder, where it has a new number.
func (m *mailbox) move(number uint64, folder int, now time.Time) (uint64, error) {
	var to uint64
	err := m.alter(number, func(c change) error {
		if f := &m.tree.folders[folder]; f.gone || f.search {
			return errUnknownID
		}
		m.leave(number, c, moved)
		to = m.next()
		c.folder, c.modified = folder, now
		m.enter(to, c)
		return nil
	})
	return to, err
}

// changeLog holds what changed, each thing once, in the order of its latest change.
type changeLog struct {
	entries []logEntry // and older ones, which count no more
	latest  map[uint64]uint64
}

type logEntry struct {
	seq, what uint64
}

func (l *changeLog) add(seq, what uint64) {
	if l.latest == nil {
		l.latest = map[uint64]uint64{}
	}
	l.latest[what] = seq
	l.entries = append(l.entries, logEntry{seq, what})
	if len(l.entries) > 2*len(l.latest)+64 {
		l.entries = slices.DeleteFunc(l.entries, l.stale)
	}
}

func (l *changeLog) stale(e logEntry) bool {
	return l.latest[e.what] != e.seq
}

// after returns up to n entries behind seq, up to and including last, and whether there are more.
func (l *changeLog) after(seq, last uint64, n int) (entries []logEntry, more bool) {
	i, _ := slices.BinarySearchFunc(l.entries, seq+1, func(e logEntry, seq uint64) int { return cmp.Compare(e.seq, seq) })
	for ; i < len(l.entries) && l.entries[i].seq <= last; i++ {
		if l.stale(l.entries[i]) {
			continue
		}
		if len(entries) == n {
			return entries, true
		}
		entries = append(entries, l.entries[i])
	}
	return entries, false
}
