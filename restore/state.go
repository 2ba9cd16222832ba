package restore

import (
	"fmt"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/snapshots"
)

// A mailboxState is what a mailbox holds after the segments applied so far. It is kept from one
// snapshot to the next, so that a chain of incremental runs is read once.
type mailboxState struct {
	mailbox string
	last    manifest.Digest // of the last snapshot's manifest
	applied []manifest.Segment
	rows    map[manifest.RowKey]liveRow
	folders map[string]*liveFolder
	held    int64 // items of the last snapshot
	broken  bool  // a segment could not be read: counts cannot be checked
	cache   *snapshots.SegmentCache
}

// maxKept bounds the stored bytes of segments that are kept to be applied again: those of about
// 100,000 items.
const maxKept = 32 << 20

type liveRow struct {
	folder *liveFolder
	length int64
}

type liveFolder struct{ items, bytes int64 }

func newMailboxState(repo *repository.Repository, mailbox string) *mailboxState {
	m := &mailboxState{mailbox: mailbox, cache: snapshots.NewSegmentCache(repo, maxKept)}
	m.reset()
	return m
}

// reset forgets the rows of all segments.
func (m *mailboxState) reset() {
	m.applied, m.rows, m.folders, m.broken = nil, map[manifest.RowKey]liveRow{}, map[string]*liveFolder{}, false
}

func (m *mailboxState) heldItems() int64 {
	if m == nil {
		return 0
	}
	return m.held
}

// begin returns the segments of the next snapshot that are to be applied: those after the ones
// applied already, or all if the list does not continue these.
func (m *mailboxState) begin(segments []manifest.Segment) []manifest.Segment {
	continues := len(segments) >= len(m.applied)
	for i := 0; continues && i < len(m.applied); i++ {
		continues = segments[i] == m.applied[i]
	}
	if !continues {
		m.reset()
		m.cache.Retain(segments)
	}
	pending := segments[len(m.applied):]
	m.applied = append(m.applied, pending...)
	return pending
}

func (m *mailboxState) apply(row *manifest.Row) {
	key := row.Key()
	if old, ok := m.rows[key]; ok {
		old.folder.items--
		old.folder.bytes -= old.length
		delete(m.rows, key)
	}
	if row.Removed != "" {
		return
	}
	f := m.folders[row.Folder]
	if f == nil {
		f = &liveFolder{}
		m.folders[row.Folder] = f
	}
	f.items++
	f.bytes += row.Length
	m.rows[key] = liveRow{f, row.Length}
}

// check compares the manifest's counts with the rows of its segments.
func (m *mailboxState) check(s *manifest.Snapshot) error {
	m.held = s.Totals.Items
	if m.broken {
		return nil
	}
	var bytes int64
	for i := range s.Folders {
		f := &s.Folders[i]
		live := m.folders[f.ID]
		if live == nil {
			live = &liveFolder{}
		}
		bytes += live.bytes
		if live.items != f.Items {
			return fmt.Errorf("folder %s: the manifest counts %d items, its segments hold %d", f.ID, f.Items, live.items)
		}
	}
	if bytes != s.Totals.Bytes {
		return fmt.Errorf("the manifest counts %d bytes, its segments hold %d", s.Totals.Bytes, bytes)
	}
	return nil
}
