package index

import "github.com/mailhaul/mailhaul/manifest"

// StartPass begins a pass over a whole folder.
func (x *Index) StartPass(folder string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	c := x.folder(folder)
	c.pass, c.Seen, c.Gone = min(c.pass+1, maxPass), 0, 0
}

// ResumePass continues a pass over a whole folder that an earlier run began, with the keys of the
// items that it listed. Items for which skip returns true are left to the caller. It returns how
// many of the others are held.
func (x *Index) ResumePass(folder string, keys []manifest.RowKey, skip func(manifest.RowKey) bool) (held int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	count.pass, count.Seen = 1, 0
	for _, key := range keys {
		e, _ := x.entries.Get(key)
		if e.is(flagSeen) || skip(key) {
			continue
		}
		count.Any++
		count.Seen++
		if e.is(flagHeld) {
			count.Unseen--
			held++
		}
		e.flags = e.flags&flagHeld | flagSeen | count.pass<<passShift
		x.entries.Set(key, e)
	}
	return held
}

// A Sighting is what the index knew of a listed item.
type Sighting int

const (
	NotHeld   Sighting = iota // not held with this change key
	Held                      // held with the same change key
	Duplicate                 // listed before in this run, with the same change key
	Changed                   // listed before in this run, with another change key
)

// See notes a listed item. first is true if the current pass had not shown it.
func (x *Index) See(key manifest.RowKey, folder, changeKey string) (s Sighting, first bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	hash := hashOf(changeKey)
	same := changeKey != "" && e.changeKey == hash
	again, held := e.is(flagSeen), e.is(flagHeld) && !e.is(flagRemoved)
	count := x.folder(folder)
	if !again {
		count.Any++
		if held {
			count.Unseen--
		}
	}
	if first = !e.seenIn(count.pass); first {
		count.Seen++
		if e.is(flagVanished) {
			count.Gone++ // the page is older than the export
		}
	}
	e.flags = e.flags&(flagHeld|flagVanished) | flagSeen | count.pass<<passShift
	e.changeKey = hash
	x.entries.Set(key, e)
	switch {
	case again && same:
		return Duplicate, first
	case again:
		return Changed, first
	case same && held:
		return Held, first
	}
	return NotHeld, first
}

// LeaveOut counts n items that the selection leaves out, held of them in an older version.
func (x *Index) LeaveOut(folder string, n, held int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	count.LeftOut += n
	count.LeftOutHeld += held
}

// A Removal is what the index knew of an item that is listed as removed.
type Removal int

const (
	RemovedUnknown Removal = iota // not held: there is nothing to do
	RemovedHeld                   // held: it needs a tombstone
	RemovedSeen                   // this run also listed it as existing
	RemovedBefore                 // this run listed it as removed before
)

// Remove notes an item that is listed as removed.
func (x *Index) Remove(key manifest.RowKey, folder string) Removal {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	switch {
	case e.is(flagSeen):
		return RemovedSeen
	case e.is(flagRemoved):
		return RemovedBefore
	}
	held := e.is(flagHeld)
	if held {
		x.folder(folder).Unseen--
	}
	e.flags |= flagRemoved
	x.entries.Set(key, e)
	if held {
		return RemovedHeld
	}
	return RemovedUnknown
}

// Vanished notes an item that did not exist any more when it was exported.
func (x *Index) Vanished(key manifest.RowKey, folder string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	count := x.folder(folder)
	e, _ := x.entries.Get(key)
	if e.seenIn(count.pass) {
		count.Gone++
	}
	e.flags |= flagVanished
	x.entries.Set(key, e)
}

// Shown reports whether the last pass showed the item, as existing or as removed.
func (x *Index) Shown(key manifest.RowKey, folder string) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagRemoved) || e.seenIn(x.folder(folder).pass)
}

// IsGone reports whether the item is known not to be in its folder: it was listed as removed or,
// if entire says that the last pass covered the entire folder, that pass did not show it.
func (x *Index) IsGone(key manifest.RowKey, folder string, entire bool) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	e, _ := x.entries.Get(key)
	return e.is(flagRemoved) || entire && !e.seenIn(x.folder(folder).pass)
}
