package manifest

// An Overlay tells which rows of a snapshot are live, in two passes over its
// segments in order: Apply every row, then ask Live of every row. It remembers
// some 25 bytes for each key, whatever the rows' size; there may be 2^32 rows.
type Overlay struct {
	folders map[string]bool
	last    RowMap[uint32] // the position of a key's last row, from 1
	applied uint32
	asked   uint32
}

// NewOverlay returns an overlay for the snapshot's segments.
func NewOverlay(s *Snapshot) *Overlay {
	o := &Overlay{folders: make(map[string]bool, len(s.Folders))}
	for i := range s.Folders {
		o.folders[s.Folders[i].ID] = true
	}
	return o
}

// Apply takes note of the next row of the first pass.
func (o *Overlay) Apply(row *Row) {
	o.applied++
	o.last.Set(row.Key(), o.applied)
}

// Live reports whether the next row of the second pass is an item that the
// snapshot holds.
func (o *Overlay) Live(row *Row) bool {
	o.asked++
	if row.Removed != "" || !o.folders[row.Folder] {
		return false
	}
	last, _ := o.last.Get(row.Key())
	return last == o.asked
}
