// Package index knows which items of a mailbox the repository holds and which ones a run has
// listed, at some 30 bytes an item.
package index

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// An Index starts with the counts of the last snapshot. The rows behind them are loaded only when
// an item has to be looked up: a run in which nothing changed reads no segment. An Index is safe
// for concurrent use.
type Index struct {
	mu      sync.Mutex
	entries rows.Map[entry]
	folders map[string]*Counts
	bytes   int64 // length of all live rows
}

// New returns an empty index.
func New() *Index { return &Index{folders: map[string]*Counts{}} }

// Counts of the items of one folder.
type Counts struct {
	Held        int64 // live rows
	Seen        int64 // distinct items that the current pass showed
	Any         int64 // distinct items that any pass showed
	Unseen      int64 // live rows of the last snapshot that no pass showed, not even as removed
	LeftOut     int64 // of Any, items that the selection leaves out
	LeftOutHeld int64 // of LeftOut, items that are held in an older version
	Gone        int64 // of Seen, items that did not exist any more when they were exported

	pass uint8 // over the whole folder; 0: there was none, but one over its changes
}

// Doubtful returns the number of items that the last pass did not show, but earlier passes or the
// last snapshot did.
func (c *Counts) Doubtful() int64 { return c.Unseen + c.Any - c.Seen }

// An entry is kept small: there may be millions.
type entry struct {
	changeKey [6]byte // hash of the key listed last, or else of the live row's
	length    [5]byte // of the live row
	flags     uint8
}

const (
	flagHeld     = 1 << iota // there is a live row
	flagSeen                 // this run listed the item
	flagRemoved              // this run listed the item as removed
	flagVanished             // the item did not exist any more when it was exported
	passShift    = iota      // above the flags: the last pass over the folder that showed the item
	maxPass      = 1<<(8-passShift) - 1
)

func (e *entry) is(flag uint8) bool { return e.flags&flag != 0 }

func (e *entry) seenIn(pass uint8) bool { return e.is(flagSeen) && e.flags>>passShift == pass }

func (e *entry) size() int64 {
	var b [8]byte
	copy(b[:], e.length[:])
	return int64(binary.LittleEndian.Uint64(b[:]))
}

func (e *entry) setSize(n int64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n))
	copy(e.length[:], b[:])
}

func hashOf(changeKey string) (h [6]byte) {
	sum := sha256.Sum256(append(make([]byte, 0, 128), changeKey...))
	copy(h[:], sum[:])
	return h
}

// Start sets the counts of the last snapshot.
func (x *Index) Start(s *manifest.Snapshot) {
	x.bytes = s.Totals.Bytes
	for i := range s.Folders {
		f := &s.Folders[i]
		x.folders[f.ID] = &Counts{Held: f.Items, Unseen: f.Items}
	}
}

// Load applies a row of the last snapshot. Start has set the counts.
func (x *Index) Load(row *manifest.Row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := row.Key()
	e := entry{changeKey: hashOf(row.ChangeKey), flags: flagHeld}
	e.setSize(row.Length)
	if row.Removed != "" {
		if _, ok := x.entries.Get(key); !ok {
			return
		}
		e = entry{}
	}
	x.entries.Set(key, e)
}

// Forget frees the items and keeps the counts. No item can be looked up afterwards.
func (x *Index) Forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.entries = rows.Map[entry]{}
}

// Count returns the counts of a folder.
func (x *Index) Count(folder string) Counts {
	x.mu.Lock()
	defer x.mu.Unlock()
	return *x.folder(folder)
}

// Size returns the total length of the live rows.
func (x *Index) Size() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.bytes
}

// Holds reports whether there is a live row of the item.
func (x *Index) Holds(key manifest.RowKey) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagHeld)
}

// Recorded notes a row that this run wrote for an item.
func (x *Index) Recorded(row *manifest.Row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := row.Key()
	e, _ := x.entries.Get(key)
	if !e.is(flagHeld) {
		x.folder(row.Folder).Held++
	} else {
		x.bytes -= e.size()
	}
	x.bytes += row.Length
	e.flags = e.flags&^flagVanished | flagHeld
	e.setSize(row.Length)
	x.entries.Set(key, e)
}

// Delete removes the item's live row, and reports whether there was one: then the caller writes
// its tombstone.
func (x *Index) Delete(key manifest.RowKey, folder string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	if !e.is(flagHeld) {
		return false
	}
	count := x.folder(folder)
	count.Held--
	x.bytes -= e.size()
	if !e.is(flagSeen) && !e.is(flagRemoved) {
		count.Unseen--
	}
	e.flags &^= flagHeld
	x.entries.Set(key, e)
	return true
}

func (x *Index) folder(id string) *Counts {
	c := x.folders[id]
	if c == nil {
		c = &Counts{}
		x.folders[id] = c
	}
	return c
}
