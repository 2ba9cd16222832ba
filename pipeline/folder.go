package pipeline

import (
	"fmt"
	"math"
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
	position      position  // of a listing of the whole folder
	through       bool      // its listing ended well
	whole         bool      // and was of everything that lies in it
	unburied      bool      // rows of it are to be buried before the listing is committed
	deltaLink     string    // where the next listing starts
	listedThrough time.Time // the same, without delta
	itemsLeftOut  int64
	leftOutHeld   int64   // of itemsLeftOut
	unconfirmed   int64   // held items that the listing, being short, did not show
	short         int64   // how many items fewer are known than Graph counts; negative: more
	err           error   // why it, or the folders in it, could not be listed
	unlisted      []error // why items of it could not be listed
}

// opened counts an item as soon as the index has noted it: the listing is not committed before
// the item meets its end, whatever happens on its way to the next stage.
func (f *folder) opened(p *page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open++
	if p != nil {
		p.open++
	}
}

// closed counts an item that met its end, and returns how many pages became covered by that.
func (f *folder) closed(p *page) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
	if p == nil {
		return 0
	}
	p.open--
	return f.position.cover()
}

// recount sets Graph's own count of the items.
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

// refused notes why the folder could not be listed.
func (f *folder) refused(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// refusal returns why the folder, or what lies in it, could not be listed; nil if it was.
func (f *folder) refusal() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

// setUnconfirmed notes how many held items the listing did not show.
func (f *folder) setUnconfirmed(n int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.unconfirmed = n
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

// manifest returns the folder's entry for a snapshot with the given counts of its items.
// Where the next listing starts is committed only when everything that this one listed is
// recorded. Until then it is where this one started, with the part of it that is covered. A
// full run that has not listed the folder leaves that to the next one.
func (f *folder) manifest(count folderCount, full bool) manifest.Folder {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := manifest.Folder{
		ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
		WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: min(max(int64(f.TotalItemCount), 0), math.MaxInt32),
		Items: count.held, Gone: count.gone, LeftOut: f.leftOut, Mailbox: f.Mailbox,
	}
	if err := f.trouble(); err != nil {
		m.Error, m.ErrorCode = clip(err.Error(), 500), errorCode(err)
	}
	if f.err == nil {
		m.Unlisted = int64(len(f.unlisted))
	}
	if f.through && f.open == 0 && !f.unburied {
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = f.deltaLink, f.listedThrough, f.itemsLeftOut
		m.LeftOutHeld, m.Unconfirmed = f.leftOutHeld, f.unconfirmed
		return m
	}
	if b := f.before; b != nil {
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = b.DeltaLink, b.ListedThrough, b.ItemsLeftOut
		m.LeftOutHeld, m.Unconfirmed, m.Listing = b.LeftOutHeld, b.Unconfirmed, b.Listing
	}
	if f.position.durable != nil {
		m.Listing = f.position.durable
	}
	if full && m.Listing == nil && f.leftOut == "" {
		m.Listing = &manifest.Listing{} // the next run begins it
	}
	return m
}

// trouble returns why the folder or a part of it could not be listed. The lock is held.
func (f *folder) trouble() error {
	if f.err == nil && len(f.unlisted) > 0 {
		return fmt.Errorf("items that Graph does not list: %d; the first: %w", len(f.unlisted), f.unlisted[0])
	}
	return f.err
}
