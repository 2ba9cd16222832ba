package mailbox

import (
	"math/bits"
	"sort"
	"strings"
)

// Folder is a node of a [Tree].
type Folder struct {
	Index         int
	Parent        int   // the index of the parent; -1 for the root
	Former        []int // indices of the parents that the folder was moved away from
	Children      []int
	Name          string
	Type          string // IPF.Note and so on
	WellKnownName string
	Hidden        bool
	Search        bool // it shows the items of another folder, source
	Gone          bool
	Created       bool // it is not from the seed
	Auxiliary     int  // the auxiliary mailbox that it lives in; 0 is the mailbox itself

	source int    // the index of the folder whose items a search folder shows
	first  uint64 // the seed gives the folder count items, from this number
	count  uint64
}

// Tree is the folders of a mailbox at one time. It does not change, so mailboxes share one until
// their folders change.
type Tree struct {
	Folders []Folder // by index; the first is the root
	filled  []int    // the folders that the seed gives items, in the order of the items' numbers
}

// PrimaryTree returns the folders of a primary mailbox: at least as many as given, the root not
// counted.
func PrimaryTree(items uint64, folders int) *Tree {
	return newTree(withFolders(primaryLeaves, folders), items, 0)
}

// ArchiveTree returns the folders of an archive, some of which live in its auxiliary mailboxes, if
// it has any.
func ArchiveTree(items uint64, auxiliaries int) *Tree {
	return newTree(archiveLeaves, items, auxiliaries)
}

// newTree divides the items among the folders.
func newTree(leaves []leaf, items uint64, auxiliaries int) *Tree {
	t := &Tree{Folders: make([]Folder, len(leaves))}
	var total int64
	for _, l := range leaves {
		total += l.share
	}
	path := make([]int, 16) // the latest folder of each depth
	var shares int64
	for i, l := range leaves {
		f := Folder{Index: i, Parent: -1, Name: l.name, Type: l.kind, WellKnownName: l.wellKnown,
			Hidden: l.flag == 'h' || l.flag == 'x', Search: l.flag == 's' || l.flag == 'x', source: 1}
		if l.flag == 'a' && auxiliaries > 0 {
			f.Auxiliary = 1 + path[l.depth-1]%auxiliaries
		}
		if l.depth > 0 {
			f.Parent = path[l.depth-1]
			t.Folders[f.Parent].Children = append(t.Folders[f.Parent].Children, i)
		}
		path[l.depth] = i
		f.first = part(items, shares, total)
		shares += l.share
		f.count = part(items, shares, total) - f.first
		t.Folders[i] = f
		if f.count > 0 {
			t.filled = append(t.filled, i)
		}
	}
	return t
}

// part is items*share/total without overflow; share is at most total.
func part(items uint64, share, total int64) uint64 {
	high, low := bits.Mul64(items, uint64(share))
	n, _ := bits.Div64(high, low, uint64(total))
	return n
}

// holding returns the folder that the seed gives an item to.
func (t *Tree) holding(number uint64) *Folder {
	i := sort.Search(len(t.filled), func(i int) bool { return t.Folders[t.filled[i]].first > number })
	return &t.Folders[t.filled[i-1]]
}

// named returns the folder with a well-known name, in any case, or nil.
func (t *Tree) named(name string) *Folder {
	for i := range t.Folders {
		if f := &t.Folders[i]; f.WellKnownName != "" && !f.Gone && strings.EqualFold(f.WellKnownName, name) {
			return f
		}
	}
	return nil
}

// Tops returns the indices of the folders that live in an auxiliary mailbox and whose parents do
// not.
func (t *Tree) Tops(auxiliary int) []int {
	var all []int
	for i := range t.Folders {
		if f := &t.Folders[i]; !f.Gone && f.Auxiliary == auxiliary && t.Folders[f.Parent].Auxiliary != auxiliary {
			all = append(all, i)
		}
	}
	return all
}
