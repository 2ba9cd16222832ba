package rows

import "github.com/mailhaul/mailhaul/manifest"

// An Overlay finds the live rows of a snapshot in two passes over its segments, in order: Apply is
// called with every row of the first pass, and Next with every row of the second. It takes about 25
// bytes for each key, whatever the size of the rows. There may be 2^32 rows.
type Overlay struct {
	folders map[string]bool
	last    Map[uint32] // the position of a key's last row, from 1
	applied uint32
	seen    uint32 // rows of the second pass
}

// NewOverlay returns an overlay for the snapshot's segments.
func NewOverlay(s *manifest.Snapshot) *Overlay {
	o := &Overlay{folders: make(map[string]bool, len(s.Folders))}
	for i := range s.Folders {
		o.folders[s.Folders[i].ID] = true
	}
	return o
}

// Apply records the next row of the first pass.
func (o *Overlay) Apply(row *manifest.Row) {
	o.applied++
	o.last.Set(row.Key(), o.applied)
}

// Next reports whether the next row of the second pass is the last of its key, and whether it is
// an item that the snapshot holds.
func (o *Overlay) Next(row *manifest.Row) (last, live bool) {
	o.seen++
	position, _ := o.last.Get(row.Key())
	last = position == o.seen
	return last, last && row.Removed == "" && o.folders[row.Folder]
}
