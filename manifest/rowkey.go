package manifest

import "crypto/sha256"

// A RowKey stands for a row's (Folder, ID): 96 bits of a SHA-256 over both. Large sets of rows are
// indexed by it. Among a million rows, two have the same key with a probability of 10^-17.
type RowKey [12]byte

// Key returns the row's key.
func (r *Row) Key() RowKey { return KeyOf(r.Folder, r.ID) }

// KeyOf returns the key of the item with this id in a folder. It is never zero.
func KeyOf(folder, id string) RowKey {
	buf := make([]byte, 0, 512)
	buf = append(buf, folder...)
	buf = append(buf, 0)
	buf = append(buf, id...)
	sum := sha256.Sum256(buf)
	key := RowKey(sum[:len(RowKey{})])
	if key == (RowKey{}) {
		key[0] = 1
	}
	return key
}
