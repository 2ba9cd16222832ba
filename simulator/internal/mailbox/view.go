package mailbox

import (
	"cmp"
	"slices"
	"sort"
	"time"
)

// Order is an order of items.
type Order int

// The orders.
const (
	ByCreation Order = iota
	ByChange         // by the time of the latest change
)

// View is the items of a folder in one order, at one time. Finding an item by its position needs no
// walk.
type View struct {
	folder  *Folder
	order   Order
	missing []uint64 // the items of the seed that are not here, or not at the seed's position, ascending
	extra   []extraItem
}

// extraItem is an item that is not at the seed's position.
type extraItem struct {
	key      int64 // the time that the view orders by, in Unix nanoseconds
	number   uint64
	position int
}

// shown returns the index of the folder whose items the folder shows.
func (f *Folder) shown() int {
	if f.Search {
		return f.source
	}
	return f.Index
}

// View returns the items that a folder shows now.
func (m *Mailbox) View(f *Folder, o Order) *View {
	m.mu.Lock()
	defer m.mu.Unlock()
	if f.Search {
		f = &m.tree.Folders[f.source]
	}
	list := m.history.folders[f.Index]
	if list == nil {
		return &View{folder: f, order: o}
	}
	if list.views[o] == nil {
		list.views[o] = m.history.view(f, list, o)
	}
	return list.views[o]
}

func (h *history) view(f *Folder, list *folderItems, o Order) *View {
	v := &View{folder: f, order: o, missing: slices.Clone(list.missing)}
	others := list.extra
	if o == ByChange {
		v.missing = append(v.missing, list.touched...)
		slices.Sort(v.missing)
		others = append(slices.Clone(others), list.touched...)
	}
	for _, number := range others {
		s := h.items[number]
		key := s.created
		if o == ByChange {
			key = s.modified
		}
		v.extra = append(v.extra, extraItem{key: key.UnixNano(), number: number})
	}
	slices.SortFunc(v.extra, func(a, b extraItem) int { return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.number, b.number)) })
	for i := range v.extra {
		v.extra[i].position = i + v.before(v.extra[i].key, v.extra[i].number)
	}
	return v
}

// Len returns the number of items.
func (v *View) Len() int {
	return int(v.folder.count) - len(v.missing) + len(v.extra)
}

// Number returns the number of the item at a position.
func (v *View) Number(position int) uint64 {
	i := sort.Search(len(v.extra), func(i int) bool { return v.extra[i].position >= position })
	if i < len(v.extra) && v.extra[i].position == position {
		return v.extra[i].number
	}
	own := position - i
	skipped := sort.Search(len(v.missing), func(i int) bool { return int(v.missing[i]-v.folder.first)-i > own })
	return v.folder.first + uint64(own+skipped)
}

// Rank returns how many items come before one with a key, a time in Unix nanoseconds, and a number.
func (v *View) Rank(key int64, number uint64) int {
	i := sort.Search(len(v.extra), func(i int) bool {
		return cmp.Or(cmp.Compare(v.extra[i].key, key), cmp.Compare(v.extra[i].number, number)) >= 0
	})
	return i + v.before(key, number)
}

// before returns how many of the items at the seed's positions come before a key and a number.
func (v *View) before(key int64, number uint64) int {
	f := v.folder
	k := sort.Search(int(f.count), func(k int) bool {
		n := f.first + uint64(k)
		return cmp.Or(cmp.Compare(v.key(n), key), cmp.Compare(n, number)) >= 0
	})
	gone, _ := slices.BinarySearch(v.missing, f.first+uint64(k))
	return k - gone
}

// key returns the time by which the view orders an unchanged item of the seed.
func (v *View) key(number uint64) int64 {
	if v.order == ByChange {
		return v.folder.settled(number).UnixNano()
	}
	return v.folder.born(number).UnixNano()
}

// The items of the seed are spread evenly over a time.
const span = 10 * 365 * 24 * time.Hour

var spanStart = time.Date(2015, time.March, 2, 7, 30, 0, 0, time.UTC)

// born returns when the seed has an item of the folder created.
func (f *Folder) born(number uint64) time.Time {
	return spanStart.Add(f.offset(number)).Truncate(time.Second)
}

// settled returns when the seed has an item of the folder last changed. Unlike born, it has
// fractions of a second.
func (f *Folder) settled(number uint64) time.Time {
	return spanStart.Add(f.offset(number) + 3*time.Second)
}

func (f *Folder) offset(number uint64) time.Duration {
	return span / time.Duration(f.count) * time.Duration(number-f.first)
}
