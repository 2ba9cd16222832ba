package manifest

import "crypto/sha256"

// An Overlay tells which rows of a snapshot are live, in two passes over its
// segments in order: Apply every row, then ask Live of every row. It remembers
// some 40 bytes for each key, whatever the rows' size.
type Overlay struct {
	folders map[string]bool
	last    map[RowKey]uint64 // the position of a key's last row
	applied uint64
	asked   uint64
}

// A RowKey stands for a row's (Folder, ID): half of a SHA-256 over both. It is
// what large sets of keys are kept by.
type RowKey [16]byte

// Key returns the row's key.
func (r *Row) Key() RowKey { return KeyOf(r.Folder, r.ID) }

// KeyOf returns the key of the item id in a folder.
func KeyOf(folder, id string) RowKey {
	buf := make([]byte, 0, 512)
	buf = append(buf, folder...)
	buf = append(buf, 0)
	buf = append(buf, id...)
	sum := sha256.Sum256(buf)
	return RowKey(sum[:16])
}

// NewOverlay returns an overlay for the snapshot's segments.
func NewOverlay(s *Snapshot) *Overlay {
	o := &Overlay{folders: make(map[string]bool, len(s.Folders)), last: map[RowKey]uint64{}}
	for i := range s.Folders {
		o.folders[s.Folders[i].ID] = true
	}
	return o
}

// Apply takes note of the next row of the first pass.
func (o *Overlay) Apply(row *Row) {
	o.applied++
	o.last[row.Key()] = o.applied
}

// Live reports whether the next row of the second pass is an item that the
// snapshot holds.
func (o *Overlay) Live(row *Row) bool {
	o.asked++
	return row.Removed == "" && o.folders[row.Folder] && o.last[row.Key()] == o.asked
}
