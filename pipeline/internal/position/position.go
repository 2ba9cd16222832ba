// Package position follows how far a listing of a whole folder is covered.
//
// A listing is a sequence of pages. A page is covered when everything on it, and on the pages
// before it, was exported or has another end. A later run can continue the listing behind the
// last covered page.
package position

import (
	"slices"
	"sync"

	"github.com/mailhaul/mailhaul/manifest"
)

// A Page is what one answer of Graph listed.
type Page struct {
	open        int // items that have no end yet
	done        bool
	first       bool              // of a pass
	keys        []manifest.RowKey // of items that are new to the pass
	leftOut     int64             // of these
	leftOutHeld int64             // of leftOut
	end         manifest.Listing  // the position behind the page, without keys
}

// First reports whether the page is the first of a pass over the folder.
func (p *Page) First() bool { return p.first }

// Add adds an item that is new to the pass, and counts it as left out if it is not selected.
func (p *Page) Add(key manifest.RowKey, selected, held bool) {
	p.keys = append(p.keys, key)
	if selected {
		return
	}
	p.leftOut++
	if held {
		p.leftOutHeld++
	}
}

// A Position is how far a folder's listing is covered. It is safe for concurrent use. The zero value
// is that of a listing that has not begun.
type Position struct {
	mu      sync.Mutex
	pages   []*Page // not covered, in order
	first   bool    // the next page is the first of a pass
	listing *manifest.Listing
	keys    []manifest.RowKey // of listing, that are not stored
	pass    int               // counts passes
	durable *manifest.Listing // with all of its keys stored
}

// BeginPass makes the next page the first of a pass.
func (p *Position) BeginPass() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.first = true
}

// BeginPage begins a page of the current pass.
func (p *Position) BeginPage() *Page {
	p.mu.Lock()
	defer p.mu.Unlock()
	page := &Page{first: p.first}
	p.first = false
	p.pages = append(p.pages, page)
	return page
}

// EndPage notes that everything on a page was passed on. A later run can continue at end, if that
// names a pass. It returns how many pages became covered.
func (p *Position) EndPage(page *Page, end manifest.Listing) (covered int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page.done, page.end = true, end
	return p.cover()
}

// Open counts an item of a page that has no end yet.
func (p *Position) Open(page *Page) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page.open++
}

// Close notes the end of an item of a page, and returns how many pages became covered.
func (p *Position) Close(page *Page) (covered int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	page.open--
	return p.cover()
}

// cover moves the position behind the covered pages, and returns their number.
func (p *Position) cover() (n int64) {
	for len(p.pages) > 0 && p.pages[0].done && p.pages[0].open == 0 {
		p.advance(p.pages[0])
		p.pages = slices.Delete(p.pages, 0, 1)
		n++
	}
	return n
}

// advance moves the position behind a page, if a later run can continue there.
func (p *Position) advance(next *Page) {
	if next.end.Pass == "" {
		return
	}
	end, before := next.end, p.listing
	if before == nil || next.first {
		p.keys, p.pass = nil, p.pass+1
	} else {
		end.Keys, end.ItemsLeftOut, end.LeftOutHeld = before.Keys, before.ItemsLeftOut, before.LeftOutHeld
	}
	end.ItemsLeftOut += next.leftOut
	end.LeftOutHeld += next.leftOutHeld
	p.listing, p.keys = &end, append(p.keys, next.keys...)
}

// maxStoredKeys is the number of objects with a listing's keys from which on they are joined.
const maxStoredKeys = 8

// Restore continues the position of an earlier run, whose stored keys are given.
func (p *Position) Restore(l *manifest.Listing, keys []manifest.RowKey) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listing, p.durable = l, l
	if len(l.Keys) >= maxStoredKeys && len(keys) <= manifest.MaxKeys {
		joined := *l
		joined.Keys = nil
		p.listing, p.keys = &joined, keys
	}
}

// Unstored returns how far the listing is covered, and the keys that must be stored before this is
// committed; nil if there was no progress. The caller passes what it stored to SetStored.
func (p *Position) Unstored() (l *manifest.Listing, keys []manifest.RowKey, pass int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listing == nil || p.listing == p.durable {
		return nil, nil, 0
	}
	keys, p.keys = p.keys, nil
	return p.listing, keys, p.pass
}

// SetStored notes the objects in which the keys of a listing are, as Unstored returned it.
func (p *Position) SetStored(l *manifest.Listing, objects []manifest.Segment, pass int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	durable := *l
	durable.Keys = slices.Concat(l.Keys, objects)
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

// Durable returns the part of the listing that can be committed; nil if there is none.
func (p *Position) Durable() *manifest.Listing {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.durable
}
