package pipeline

import (
	"crypto/sha256"
	"encoding/binary"
	"sync"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// An index knows which items the repository holds and which ones this run has
// seen, at some 30 bytes an item. It starts from the counts of the last snapshot;
// the rows behind them are loaded only when an item has to be looked up: a run in
// which nothing changed reads no segment.
type index struct {
	mu      sync.Mutex
	entries rows.Map[entry]
	folders map[string]*folderCount
	bytes   int64 // the live rows' lengths
}

// An entry is what is known of an item. It is kept small: there may be millions.
type entry struct {
	changeKey [6]byte // the hash of the one listed last, or else of the live row's
	length    [5]byte // of the live row
	flags     uint8
}

const (
	flagHeld     = 1 << iota // there is a live row
	flagSeen                 // this run's listing told of it
	flagRemoved              // this run's listing told that it is gone
	flagVanished             // it was gone when it was exported
	passShift    = iota      // above the flags: the pass over the folder that told of it last
	maxPass      = 1<<(8-passShift) - 1
)

func (e *entry) is(flag uint8) bool { return e.flags&flag != 0 }

// seenIn reports whether a pass told of it.
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

// A folderCount counts the keys of one folder.
type folderCount struct {
	held        int64 // live rows
	seen        int64 // distinct items that the pass under way told of
	any         int64 // distinct items that any pass told of
	unseen      int64 // live rows of the last snapshot that no pass told of, be it as gone
	leftOut     int64 // of any, what the selection leaves out
	leftOutHeld int64 // of leftOut, what is held in an older version
	gone        int64 // of seen, what was gone when it was exported
	pass        uint8 // over the whole folder; 0: there is none, but one over its changes
}

// doubtful returns how many items the last pass did not tell of, and others or the
// last snapshot did.
func (c *folderCount) doubtful() int64 { return c.unseen + c.any - c.seen }

func newIndex() *index { return &index{folders: map[string]*folderCount{}} }

// start takes the counts of the last snapshot.
func (x *index) start(s *manifest.Snapshot) {
	x.bytes = s.Totals.Bytes
	for i := range s.Folders {
		f := &s.Folders[i]
		x.folders[f.ID] = &folderCount{held: f.Items, unseen: f.Items}
	}
}

// load applies a row of the last snapshot, whose counts the index started with.
func (x *index) load(row *manifest.Row) {
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

// forget lets go of the items, and keeps the counts: nothing is looked up any more.
func (x *index) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.entries = rows.Map[entry]{}
}

// count returns what is known of a folder.
func (x *index) count(id string) folderCount {
	x.mu.Lock()
	defer x.mu.Unlock()
	return *x.folder(id)
}

func (x *index) folder(id string) *folderCount {
	c := x.folders[id]
	if c == nil {
		c = &folderCount{}
		x.folders[id] = c
	}
	return c
}

// startPass begins a pass over a whole folder.
func (x *index) startPass(folder string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.folder(folder)
	c.pass, c.seen, c.gone = min(c.pass+1, maxPass), 0, 0
}

// What see found about a listed item.
type sight int

const (
	sightNew       sight = iota // not held, or with another change key
	sightHeld                   // held with the same change key
	sightDuplicate              // listed before in this run, with the same change key
	sightAgain                  // listed before in this run, with another one
)

// see notes a listed item. first reports whether it is new to the pass under way.
func (x *index) see(key manifest.RowKey, folder, changeKey string) (s sight, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	hash := hashOf(changeKey)
	known := changeKey != "" && e.changeKey == hash
	again, held := e.is(flagSeen), e.is(flagHeld) && !e.is(flagRemoved)
	count := x.folder(folder)
	if !again {
		count.any++
		if held {
			count.unseen--
		}
	}
	if first = !e.seenIn(count.pass); first {
		count.seen++
		if e.is(flagVanished) {
			count.gone++ // the page is older than that
		}
	}
	e.flags = e.flags&(flagHeld|flagVanished) | flagSeen | count.pass<<passShift
	e.changeKey = hash
	x.entries.Set(key, e)
	switch {
	case again && known:
		return sightDuplicate, first
	case again:
		return sightAgain, first
	case known && held:
		return sightHeld, first
	}
	return sightNew, first
}

// resume continues a pass over a whole folder that an earlier run began, with the keys of the
// items that it listed, but for those that skip names. It returns how many of them are held.
func (x *index) resume(folder string, keys []manifest.RowKey, skip func(manifest.RowKey) bool) (held int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	count.pass, count.seen = 1, 0
	for _, key := range keys {
		e, _ := x.entries.Get(key)
		if e.is(flagSeen) || skip(key) {
			continue
		}
		count.any++
		count.seen++
		if e.is(flagHeld) {
			count.unseen--
			held++
		}
		e.flags = e.flags&flagHeld | flagSeen | count.pass<<passShift
		x.entries.Set(key, e)
	}
	return held
}

// leave notes items that the selection leaves out. Held of them are held in an older version.
func (x *index) leave(folder string, n, held int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	count.leftOut += n
	count.leftOutHeld += held
}

// What remove found about an item that the listing tells to be gone.
type absence int

const (
	absentUnknown absence = iota // it is not held: nothing is to be done
	absentHeld                   // it is held, and needs a tombstone
	absentSeen                   // the same listing showed it as being there
	absentKnown                  // the same listing showed that it is gone
)

// remove takes note of an item that the listing tells to be gone.
func (x *index) remove(key manifest.RowKey, folder string) absence {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	switch {
	case e.is(flagSeen):
		return absentSeen
	case e.is(flagRemoved):
		return absentKnown
	}
	held := e.is(flagHeld)
	if held {
		x.folder(folder).unseen--
	}
	e.flags |= flagRemoved
	x.entries.Set(key, e)
	if held {
		return absentHeld
	}
	return absentUnknown
}

// told reports whether the last pass told of the item, be it as gone.
func (x *index) told(key manifest.RowKey, folder string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagRemoved) || e.seenIn(x.folder(folder).pass)
}

// gone reports whether the item is known not to be in its folder: the listing told so
// or, being of the whole folder, did not tell of it.
func (x *index) gone(key manifest.RowKey, folder string, whole bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagRemoved) || whole && !e.seenIn(x.folder(folder).pass)
}

// vanished notes an item that was gone when it was exported.
func (x *index) vanished(key manifest.RowKey, folder string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	e, _ := x.entries.Get(key)
	if e.seenIn(count.pass) {
		count.gone++
	}
	e.flags |= flagVanished
	x.entries.Set(key, e)
}

// recorded takes note of a row that this run wrote for an item.
func (x *index) recorded(row *manifest.Row) {
	x.mu.Lock()
	defer x.mu.Unlock()
	key := row.Key()
	e, _ := x.entries.Get(key)
	if !e.is(flagHeld) {
		x.folder(row.Folder).held++
	} else {
		x.bytes -= e.size()
	}
	x.bytes += row.Length
	e.flags = e.flags&^flagVanished | flagHeld
	e.setSize(row.Length)
	x.entries.Set(key, e)
}

// bury takes the item's live row out, and reports whether there was one: the
// caller writes its tombstone.
func (x *index) bury(key manifest.RowKey, folder string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	if !e.is(flagHeld) {
		return false
	}
	count := x.folder(folder)
	count.held--
	x.bytes -= e.size()
	if !e.is(flagSeen) && !e.is(flagRemoved) {
		count.unseen--
	}
	e.flags &^= flagHeld
	x.entries.Set(key, e)
	return true
}

// holds reports whether there is a live row of the item.
func (x *index) holds(key manifest.RowKey) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagHeld)
}

// size returns the sum of the live rows' lengths.
func (x *index) size() int64 {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.bytes
}

func hashOf(changeKey string) (h [6]byte) {
	sum := sha256.Sum256(append(make([]byte, 0, 128), changeKey...))
	copy(h[:], sum[:])
	return h
}
