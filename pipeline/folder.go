package pipeline

import (
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
)

// A folder is one of the mailbox on its way through a run.
type folder struct {
	graph.Folder
	before  *manifest.Folder // of the last snapshot; nil: it is new
	leftOut string           // why the selection leaves it out

	mu            sync.Mutex
	open          int       // items to export, and removals, that have met no end
	through       bool      // its listing ended well
	whole         bool      // and told of everything that lies in it
	unburied      bool      // rows of it are to be buried before the listing is committed
	deltaLink     string    // where the next listing starts
	listedThrough time.Time // the same, without delta
	itemsLeftOut  int64
	short         int64 // how many items fewer are known than Graph counts; negative: more
	err           error // why it could not be listed
}

// opened counts an item as soon as the index has noted it: the listing is not committed
// before the item meets its end, whatever happens on its way to the next stage.
func (f *folder) opened() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open++
}

// closed counts an item that met its end.
func (f *folder) closed() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
}

// recount takes note of Graph's own count of the items.
func (f *folder) recount(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.TotalItemCount = n
}

// total returns Graph's own count of the items.
func (f *folder) total() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return int64(f.TotalItemCount)
}

// refused takes note of why the folder could not be listed.
func (f *folder) refused(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// refusal returns why the folder could not be listed, or nil.
func (f *folder) refusal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// isThrough reports whether the folder's listing ended well, and whether it told
// of everything that lies in it.
func (f *folder) isThrough() (through, whole bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.through, f.through && f.whole
}

// missing returns how many items fewer are known than Graph counts.
func (f *folder) missing() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.short
}

// unbury leaves the rows alone that the listing did not tell of: what is short may
// have been missed.
func (f *folder) unbury() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.unburied {
		f.unburied, f.deltaLink, f.listedThrough = false, "", time.Time{}
	}
}

// hasUnburied reports whether there are rows that are to be buried.
func (f *folder) hasUnburied() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.through && f.unburied
}

// buried takes note that there are none any more.
func (f *folder) buried() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unburied = false
}

// manifest returns the folder's entry for a snapshot that holds so many items of
// it. Where its next listing starts is told only when all that this one listed is
// recorded: until then, it is where this one started.
func (f *folder) manifest(held int64) manifest.Folder {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := manifest.Folder{
		ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
		WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: int64(f.TotalItemCount),
		Items: held, LeftOut: f.leftOut, Mailbox: f.Mailbox,
	}
	if f.err != nil {
		m.Error = clip(f.err.Error(), 500)
	}
	switch {
	case f.through && f.open == 0 && !f.unburied:
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = f.deltaLink, f.listedThrough, f.itemsLeftOut
	case f.before != nil:
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = f.before.DeltaLink, f.before.ListedThrough, f.before.ItemsLeftOut
	}
	return m
}
