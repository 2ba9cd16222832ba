package pipeline

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/graph"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/index"
	"github.com/mailhaul/mailhaul/pipeline/internal/position"
)

// A folder of the mailbox, and the state of its listing.
type folder struct {
	graph.Folder
	before   *manifest.Folder  // in the last snapshot; nil: it is new
	leftOut  string            // why the selection leaves it out; "" if it does not
	position position.Position // of a listing of the whole folder

	mu          sync.Mutex
	open        int // listed items and removals that have no end yet
	result      result
	unconfirmed int64 // held items that the listing, being short, did not show
	err         error // why the folder, or its subfolders, could not be listed
}

// A result is what a folder's listing found.
type result struct {
	done          bool
	entire        bool // the listing covered everything in the folder
	deletions     bool // tombstones must be written before the listing is committed
	deltaLink     string
	listedThrough time.Time // where the next listing starts, if there is no delta link
	itemsLeftOut  int64
	leftOutHeld   int64   // of itemsLeftOut
	short         int64   // known items fewer than Graph counts; negative: more
	unlisted      []error // why items could not be listed
}

// itemOpened counts an item as soon as the index has noted it. The listing is not committed before
// the item has its end, whatever happens before the next stage gets it.
func (f *folder) itemOpened(p *position.Page) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open++
	if p != nil {
		f.position.Open(p)
	}
}

// itemClosed counts an item that has its end, and returns how many pages became covered.
func (f *folder) itemClosed(p *position.Page) (covered int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.open--
	if p == nil {
		return 0
	}
	return f.position.Close(p)
}

// unstored returns how far the listing is covered, with the keys to store before that is
// committed; nil if there was no progress, or the whole listing can be committed.
func (f *folder) unstored() (l *manifest.Listing, keys []manifest.RowKey, pass int) {
	f.mu.Lock()
	complete := f.result.done && f.open == 0
	f.mu.Unlock()
	if complete {
		return nil, nil, 0
	}
	return f.position.Unstored()
}

// setTotal sets Graph's own count of the items.
func (f *folder) setTotal(n int) {
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

func (f *folder) setResult(r result) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result = r
}

// listed returns the result of the listing.
func (f *folder) listed() result {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.result
}

// cancelDeletions keeps the rows that the listing did not show. The next run lists the folder as a
// whole.
func (f *folder) cancelDeletions() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.result.deletions {
		f.result.deletions, f.result.deltaLink, f.result.listedThrough = false, "", time.Time{}
	}
}

// deletionsDone notes that the tombstones are written.
func (f *folder) deletionsDone() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.result.deletions = false
}

// setError notes why the folder could not be listed.
func (f *folder) setError(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// listError returns why the folder, or its subfolders, could not be listed; nil if they were.
func (f *folder) listError() error {
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

// manifest returns the folder's entry for a snapshot with the given counts of its items. Where the
// next listing starts is committed only when everything that this listing showed is recorded.
// Until then the entry has the start of this listing, and the part of it that is covered. A full
// run that has not listed the folder leaves that to the next run.
func (f *folder) manifest(count index.Counts, full bool) manifest.Folder {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := manifest.Folder{
		ID: f.ID, ParentFolderID: f.ParentFolderID, DisplayName: f.DisplayName, Path: f.Path, Type: f.Type,
		WellKnownName: f.WellKnownName, Hidden: f.Hidden, TotalItemCount: min(max(int64(f.TotalItemCount), 0), math.MaxInt32),
		Items: count.Held, Gone: count.Gone, LeftOut: f.leftOut, Mailbox: f.Mailbox,
	}
	f.describeErrors(&m)
	r := &f.result
	if r.done && f.open == 0 && !r.deletions {
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = r.deltaLink, r.listedThrough, r.itemsLeftOut
		m.LeftOutHeld, m.Unconfirmed = r.leftOutHeld, f.unconfirmed
		return m
	}
	if b := f.before; b != nil {
		m.DeltaLink, m.ListedThrough, m.ItemsLeftOut = b.DeltaLink, b.ListedThrough, b.ItemsLeftOut
		m.LeftOutHeld, m.Unconfirmed, m.Listing = b.LeftOutHeld, b.Unconfirmed, b.Listing
	}
	if durable := f.position.Durable(); durable != nil {
		m.Listing = durable
	}
	if full && m.Listing == nil && f.leftOut == "" {
		m.Listing = &manifest.Listing{} // the next run begins it
	}
	return m
}

// describeErrors says in the entry why the folder, or items of it, could not be listed.
func (f *folder) describeErrors(m *manifest.Folder) {
	err, unlisted := f.err, f.result.unlisted
	if err == nil && len(unlisted) > 0 {
		m.Unlisted = int64(len(unlisted))
		err = fmt.Errorf("items that Graph does not list: %d; the first: %w", len(unlisted), unlisted[0])
	}
	if err != nil {
		m.Error, m.ErrorCode = clip(err.Error(), 500), errorCode(err)
	}
}

// errorCode returns the kind of an error that kept a folder from being listed, such as
// "403 ErrorAccessDenied". It is the same in each run that fails for the same reason.
func errorCode(err error) string {
	e, isAnswer := errors.AsType[*graph.Error](err)
	switch {
	case errors.Is(err, graph.ErrEndless):
		return "endless list"
	case !isAnswer:
		return "other"
	case e.Err != nil && e.StatusCode == 0:
		return "no answer"
	case e.Err != nil:
		return "unreadable answer"
	case e.Code != "":
		return clip(fmt.Sprintf("%d %s", e.StatusCode, e.Code), 100)
	}
	return fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
}
