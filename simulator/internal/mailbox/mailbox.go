// Package mailbox keeps simulated mailboxes: their folders, their items, and the log of what has
// changed. A mailbox begins as its seed has it, and only changes take memory.
package mailbox

import (
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
)

// Config describes a mailbox. All members but Auxiliaries must be set.
type Config struct {
	ID          string // MBX:guid@guid
	GUID        string // the first of those in ID
	Auxiliaries []string
	Archive     bool
	Index       uint32 // among the mailboxes that Sealer makes ids for
	Seed        uint64
	Items       uint64 // the number that Tree was made for
	Tree        *Tree
	Generator   *content.Generator
	Sealer      *Sealer
	Now         func() time.Time
}

// Mailbox is a primary mailbox or an archive. Its methods may be called by several goroutines at
// once.
type Mailbox struct {
	identity
	Archive bool
	Items   uint64 // the items of the seed have the numbers below this

	seed      uint64
	generator *content.Generator
	now       func() time.Time

	mu      sync.RWMutex
	tree    *Tree // is replaced, and does not change
	history history
}

// New returns the mailbox as its seed has it.
func New(c Config) *Mailbox {
	m := &Mailbox{Archive: c.Archive, Items: c.Items, seed: c.Seed, generator: c.Generator, now: c.Now, tree: c.Tree}
	m.identity = identity{ID: c.ID, Auxiliaries: c.Auxiliaries, sealer: c.Sealer, index: c.Index, guid: c.GUID}
	key, _ := hex.DecodeString(strings.ReplaceAll(c.GUID, "-", "")) // a GUID that rng made
	copy(m.key[:], key)
	return m
}

// Tree returns the folders as they are now.
func (m *Mailbox) Tree() *Tree {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.tree
}

// Folder finds a folder by its id or, in a primary mailbox, by its well-known name. The error is
// [ErrMalformedID] or [ErrUnknownID].
func (m *Mailbox) Folder(id string) (*Folder, error) {
	t := m.Tree()
	if !m.Archive {
		if f := t.named(id); f != nil {
			return f, nil
		}
	}
	index, err := m.decode(folderKind, id)
	if err != nil {
		return nil, err
	}
	if index >= uint64(len(t.Folders)) || t.Folders[index].Gone {
		return nil, ErrUnknownID
	}
	return &t.Folders[index], nil
}

// Count returns the number of items that a folder shows.
func (m *Mailbox) Count(f *Folder) int { return m.View(f, ByCreation).Len() }
