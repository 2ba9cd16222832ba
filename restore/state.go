package restore

import (
	"fmt"

	"github.com/mailhaul/mailhaul/manifest"
)

// A mailboxState is what a mailbox's segments make, kept from one snapshot to
// the next, so that a chain of incremental runs is read once.
type mailboxState struct {
	mailbox string
	last    manifest.Digest // of the last snapshot's manifest
	applied []manifest.Segment
	rows    map[manifest.RowKey]liveRow
	folders map[string]*liveFolder
	held    int64 // items of the last snapshot
	broken  bool  // a segment could not be read: counts cannot be checked

	kept map[manifest.Segment][]byte // stored bytes of segments that may be applied again
	room int64
}

// maxKept bounds the stored bytes of segments that are kept: what a mailbox of some 100,000
// items has. Beyond that, a segment is read again for each list that does not go on.
const maxKept = 32 << 20

type liveRow struct {
	folder *liveFolder
	length int64
}

type liveFolder struct{ items, bytes int64 }

func newMailboxState(mailbox string) *mailboxState {
	return &mailboxState{mailbox: mailbox, rows: map[manifest.RowKey]liveRow{}, folders: map[string]*liveFolder{}, room: maxKept}
}

func (m *mailboxState) heldItems() int64 {
	if m == nil {
		return 0
	}
	return m.held
}

// news returns the segments that are not applied yet. A list that does not go on
// from the one before is applied from its start.
func (m *mailboxState) news(segments []manifest.Segment) []manifest.Segment {
	goesOn := len(segments) >= len(m.applied)
	for i := 0; goesOn && i < len(m.applied); i++ {
		goesOn = segments[i] == m.applied[i]
	}
	if !goesOn {
		fresh := newMailboxState(m.mailbox)
		m.applied, m.rows, m.folders, m.broken = nil, fresh.rows, fresh.folders, false
		m.keepOnly(segments)
	}
	news := segments[len(m.applied):]
	m.applied = append(m.applied, news...)
	return news
}

// keepOnly lets go of segments that are no longer listed.
func (m *mailboxState) keepOnly(segments []manifest.Segment) {
	kept := map[manifest.Segment][]byte{}
	m.room = maxKept
	for _, g := range segments {
		if data, ok := m.kept[g]; ok {
			kept[g] = data
			m.room -= int64(len(data))
		}
	}
	m.kept = kept
}

// stored returns a segment's stored bytes, which read reads if they are not kept.
func (m *mailboxState) stored(g manifest.Segment, read func() ([]byte, error)) ([]byte, error) {
	if data, ok := m.kept[g]; ok {
		return data, nil
	}
	data, err := read()
	if err == nil && int64(len(data)) <= m.room {
		if m.kept == nil {
			m.kept = map[manifest.Segment][]byte{}
		}
		m.kept[g] = data
		m.room -= int64(len(data))
	}
	return data, err
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

// check compares what the segments hold with what the manifest says of it.
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
			return fmt.Errorf("folder %s: the manifest tells %d items, its segments hold %d", f.ID, f.Items, live.items)
		}
	}
	if bytes != s.Totals.Bytes {
		return fmt.Errorf("the manifest tells %d bytes, its segments hold %d", s.Totals.Bytes, bytes)
	}
	return nil
}
