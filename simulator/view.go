package simulator

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// order is what a folder's items are listed by.
type order int

const (
	byCreation order = iota
	byChange
)

// view is a folder's items in one order; each position is found without walking there. It does not change.
type view struct {
	folder  *folder
	order   order
	missing []uint64 // of the seed's items, ascending
	extra   []placed // the items beside the seed's, in order
}

// placed is an item and its position.
type placed struct {
	key    int64
	number uint64
	at     int
}

// view shows a folder's items; a search folder shows those of its source.
func (m *mailbox) view(f *folder, o order) *view {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.search {
		f = &m.tree.folders[f.source]
	}
	list := m.folders[f.index]
	if list == nil {
		return &view{folder: f, order: o}
	}
	if list.views[o] == nil {
		list.views[o] = m.newView(f, list, o)
	}
	return list.views[o]
}

func (m *mailbox) newView(f *folder, list *folderChanges, o order) *view {
	v := &view{folder: f, order: o, missing: slices.Clone(list.missing)}
	others := list.extra
	if o == byChange {
		v.missing = append(v.missing, list.touched...)
		slices.Sort(v.missing)
		others = append(slices.Clone(others), list.touched...)
	}
	for _, number := range others {
		c := m.items[number]
		key := c.created
		if o == byChange {
			key = c.modified
		}
		v.extra = append(v.extra, placed{key: key.UnixNano(), number: number})
	}
	slices.SortFunc(v.extra, func(a, b placed) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.number, b.number)) })
	for i := range v.extra {
		v.extra[i].at = i + v.before(v.extra[i].key, v.extra[i].number)
	}
	return v
}

func (v *view) len() int {
	return int(v.folder.count) - len(v.missing) + len(v.extra)
}

// number returns the item at a position.
func (v *view) number(position int) uint64 {
	i := sort.Search(len(v.extra), func(i int) bool { return v.extra[i].at >= position })
	if i < len(v.extra) && v.extra[i].at == position {
		return v.extra[i].number
	}
	own := position - i
	skipped := sort.Search(len(v.missing), func(i int) bool { return int(v.missing[i]-v.folder.first)-i > own })
	return v.folder.first + uint64(own+skipped)
}

// rank is the number of items in front of one with a key, the time in Unix nanoseconds, and a number.
func (v *view) rank(key int64, number uint64) int {
	i := sort.Search(len(v.extra), func(i int) bool {
		return cmp.Or(cmp.Compare(v.extra[i].key, key), cmp.Compare(v.extra[i].number, number)) >= 0
	})
	return i + v.before(key, number)
}

// before is how many of the seed's items that are still there come before a key and a number.
func (v *view) before(key int64, number uint64) int {
	f := v.folder
	k := sort.Search(int(f.count), func(k int) bool {
		n := f.first + uint64(k)
		return cmp.Or(cmp.Compare(v.key(n), key), cmp.Compare(n, number)) >= 0
	})
	gone, _ := slices.BinarySearch(v.missing, f.first+uint64(k))
	return k - gone
}

// key is what one of the seed's unchanged items is ordered by.
func (v *view) key(number uint64) int64 {
	if v.order == byChange {
		return v.folder.settled(number).UnixNano()
	}
	return v.folder.born(number).UnixNano()
}

// span is the time over which the seed's items spread.
const span = 10 * 365 * 24 * time.Hour

// firstTime is when the oldest item was made; the seed's items spread over the years from there.
var firstTime = time.Date(2015, time.March, 2, 7, 30, 0, 0, time.UTC)

// born is when one of the folder's own items was made.
func (f *folder) born(number uint64) time.Time {
	return firstTime.Add(f.offset(number)).Truncate(time.Second)
}

// settled is when one of the folder's own items was last changed according to the seed. Unlike born it has fractions of a second.
func (f *folder) settled(number uint64) time.Time {
	return firstTime.Add(f.offset(number) + 3*time.Second)
}

func (f *folder) offset(number uint64) time.Duration {
	return span / time.Duration(f.count) * time.Duration(number-f.first)
}
