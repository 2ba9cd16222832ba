package pipeline

import (
	"slices"

	"github.com/mailhaul/mailhaul/manifest"
)

// A page is what one answer of Graph listed of a folder that is listed as a whole. It is covered
// when everything on it, and on the pages before it, has met its end: then a later run may
// continue the listing behind it.
type page struct {
	open        int // items to export that have met no end
	done        bool
	begins      bool              // a pass
	keys        []manifest.RowKey // of items that are new to the pass
	leftOut     int64             // of these
	leftOutHeld int64             // of leftOut
	end         manifest.Listing  // the position behind it, without keys
}

// position is how far a folder's listing is covered.
type position struct {
	pages   []*page // not covered, in order
	begins  bool    // the next page begins a pass
	listing *manifest.Listing
	keys    []manifest.RowKey // of listing, that are not stored
	pass    int               // counts passes
	durable *manifest.Listing // with all of its keys stored
}

// beginPass notes that the next page is the first of a pass.
func (f *folder) beginPass() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position.begins = true
}

// beginPage begins a page of the pass under way.
func (f *folder) beginPage() *page {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &page{begins: f.position.begins}
	f.position.begins = false
	f.position.pages = append(f.position.pages, p)
	return p
}

// endPage notes that everything on a page was passed on, and returns how many pages became
// covered.
func (f *folder) endPage(p *page, end manifest.Listing) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	p.done, p.end = true, end
	return f.position.cover()
}

// cover moves the position behind the pages that are covered, and returns their number.
func (p *position) cover() (n int64) {
	for len(p.pages) > 0 && p.pages[0].done && p.pages[0].open == 0 {
		p.advance(p.pages[0])
		p.pages = slices.Delete(p.pages, 0, 1)
		n++
	}
	return n
}

// advance moves the position behind a page, if a later run can continue there.
func (p *position) advance(next *page) {
	if next.end.Pass == "" {
		return
	}
	end, before := next.end, p.listing
	switch {
	case before == nil || next.begins:
		p.keys, p.pass = nil, p.pass+1
	default:
		end.Keys, end.ItemsLeftOut, end.LeftOutHeld = before.Keys, before.ItemsLeftOut, before.LeftOutHeld
	}
	end.ItemsLeftOut += next.leftOut
	end.LeftOutHeld += next.leftOutHeld
	p.listing, p.keys = &end, append(p.keys, next.keys...)
}

// maxStoredKeys is from how many objects on a listing's keys are joined to one.
const maxStoredKeys = 8

// restore continues the position of an earlier run, whose stored keys are given.
func (f *folder) restore(l *manifest.Listing, keys []manifest.RowKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = position{listing: l, durable: l}
	if len(l.Keys) >= maxStoredKeys && len(keys) <= manifest.MaxKeys {
		joined := *l
		joined.Keys = nil
		f.position.listing, f.position.keys = &joined, keys
	}
}

// covered returns how far the listing is covered, with the keys that are to be stored before
// that is committed; nil if there is no listing or no progress.
func (f *folder) covered() (l *manifest.Listing, keys []manifest.RowKey, pass int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &f.position
	if f.through && f.open == 0 || p.listing == nil || p.listing == p.durable {
		return nil, nil, 0
	}
	keys, p.keys = p.keys, nil
	return p.listing, keys, p.pass
}

// stored notes the object in which the keys of a covered listing are.
func (f *folder) stored(l *manifest.Listing, object []manifest.Segment, pass int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := &f.position
	durable := *l
	durable.Keys = slices.Concat(l.Keys, object)
	if p.durable = &durable; p.pass != pass {
		return // another pass has begun, without these keys
	}
	if p.listing == l {
		p.listing = p.durable
		return
	}
	now := *p.listing
	now.Keys = durable.Keys
	p.listing = &now
}

// list notes an item that is new to the pass, and whether it is selected and held.
func (p *page) list(key manifest.RowKey, selected, held bool) {
	p.keys = append(p.keys, key)
	switch {
	case selected:
	case held:
		p.leftOutHeld++
		fallthrough
	default:
		p.leftOut++
	}
}
