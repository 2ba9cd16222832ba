package mailbox

import (
	"slices"
	"time"
)

// firstAdded is the number of the first item that is added; the items of the seed have lower ones.
const firstAdded = 1 << 40

// history is what has changed since the start. The mailbox's lock guards it.
type history struct {
	position uint64 // the number of changes
	added    uint64
	items    map[uint64]*itemState
	folders  map[int]*folderItems
	log      changeLog // of folders
}

// presence states whether an item is in its folder, or how it left.
type presence uint8

const (
	present presence = iota
	deleted
	moved
)

// itemState is what is known of an item. An item that moves leaves its old folder and enters the
// new one under a new number.
type itemState struct {
	folder   int
	presence presence
	version  uint32
	source   uint64 // the number that its content was made for
	home     int    // the folder of source
	created  time.Time
	modified time.Time // zero if the item is as the seed has it
}

// folderItems is what has changed of the items of a folder. The lists of numbers ascend.
type folderItems struct {
	missing []uint64 // items of the seed that are no longer here
	touched []uint64 // items of the seed that are here and have changed
	extra   []uint64 // other items that are here
	log     changeLog
	views   [2]*View // by order; nil until they are needed
}

func (h *history) folder(index int) *folderItems {
	list := h.folders[index]
	if list == nil {
		if h.folders == nil {
			h.folders = map[int]*folderItems{}
		}
		list = &folderItems{}
		h.folders[index] = list
	}
	return list
}

// record keeps a changed item, and logs the change of the item and of its folder.
func (h *history) record(number uint64, s itemState) {
	if h.items == nil {
		h.items = map[uint64]*itemState{}
	}
	h.items[number] = &s
	h.position++
	list := h.folder(s.folder)
	list.log.add(h.position, number)
	list.views = [2]*View{}
	h.log.add(h.position, uint64(s.folder))
}

// enter puts an item into its folder, under a new number.
func (h *history) enter(s itemState) (number uint64) {
	number = firstAdded + h.added
	h.added++
	list := h.folder(s.folder)
	list.extra = append(list.extra, number)
	h.record(number, s)
	return number
}

// leave takes an item out of its folder.
func (h *history) leave(number uint64, s itemState, how presence) {
	list := h.folder(s.folder)
	if number < firstAdded {
		list.missing, list.touched = insert(list.missing, number), remove(list.touched, number)
	} else {
		list.extra = remove(list.extra, number)
	}
	s.presence = how
	h.record(number, s)
}

// forget drops the items of a folder that is gone.
func (h *history) forget(folder int) {
	list := h.folders[folder]
	if list == nil {
		return
	}
	for number := range list.log.latest {
		delete(h.items, number)
	}
	delete(h.folders, folder)
}

func insert(list []uint64, number uint64) []uint64 {
	i, found := slices.BinarySearch(list, number)
	if found {
		return list
	}
	return slices.Insert(list, i, number)
}

func remove(list []uint64, number uint64) []uint64 {
	i, found := slices.BinarySearch(list, number)
	if !found {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// lookup returns what is known of an item, whether it is present or not. The caller holds the lock.
func (m *Mailbox) lookup(number uint64) (itemState, bool) {
	if s := m.history.items[number]; s != nil {
		return *s, true
	}
	if number >= m.Items {
		return itemState{}, false
	}
	f := m.tree.holding(number)
	return itemState{folder: f.Index, source: number, home: f.Index, created: f.born(number)}, true
}

// state returns the state of an item and whether the item is present.
func (m *Mailbox) state(number uint64) (itemState, bool) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s, ok := m.lookup(number)
	return s, ok && s.presence == present && !m.tree.Folders[s.folder].Gone
}

// Created returns when an item was created, in Unix nanoseconds, whether the item is present or
// not.
func (m *Mailbox) Created(number uint64) int64 {
	s, _ := m.state(number)
	return s.created.UnixNano()
}

// Moved reports whether an item left its folder because it was moved.
func (m *Mailbox) Moved(number uint64) bool {
	s, _ := m.state(number)
	return s.presence == moved
}

// Add puts a new item into the folder with an index, and returns the item's number.
func (m *Mailbox) Add(folder int) (uint64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f := &m.tree.Folders[folder]; f.Gone || f.Search {
		return 0, ErrUnknownID
	}
	number, now := firstAdded+m.history.added, m.now()
	return m.history.enter(itemState{folder: folder, source: number, home: folder, created: now, modified: now}), nil
}

// Delete removes an item.
func (m *Mailbox) Delete(number uint64) error {
	return m.change(number, func(s itemState) error {
		m.history.leave(number, s, deleted)
		return nil
	})
}

// Touch makes a new version of an item.
func (m *Mailbox) Touch(number uint64) error {
	return m.change(number, func(s itemState) error {
		s.version++
		s.modified = m.now()
		if list := m.history.folder(s.folder); number < firstAdded {
			list.touched = insert(list.touched, number)
		}
		m.history.record(number, s)
		return nil
	})
}

// Move puts an item into the folder with an index, and returns the item's number there.
func (m *Mailbox) Move(number uint64, folder int) (uint64, error) {
	var to uint64
	err := m.change(number, func(s itemState) error {
		if f := &m.tree.Folders[folder]; f.Gone || f.Search {
			return ErrUnknownID
		}
		m.history.leave(number, s, moved)
		s.folder, s.modified = folder, m.now()
		to = m.history.enter(s)
		return nil
	})
	return to, err
}

// change calls do with the state of an item that is present, under the lock.
func (m *Mailbox) change(number uint64, do func(s itemState) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, ok := m.lookup(number)
	if !ok || s.presence != present || m.tree.Folders[s.folder].Gone {
		return ErrUnknownID
	}
	return do(s)
}
