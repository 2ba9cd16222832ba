package manifest

// An Overlay tells which rows of a snapshot are live, in two passes over its
// segments in order: Apply every row, then ask Next of every row. It remembers
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

// Next tells of the next row of the second pass whether it is the last of its key,
// and whether it is an item that the snapshot holds.
func (o *Overlay) Next(row *Row) (last, live bool) {
	o.asked++
	position, _ := o.last.Get(row.Key())
	last = position == o.asked
	return last, last && row.Removed == "" && o.folders[row.Folder]
}
