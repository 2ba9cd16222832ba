package mailbox

import (
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/content"
)

// Item is what a listing shows of an item, and its message.
type Item struct {
	content.Message
	Folder   *Folder
	Number   uint64
	Version  uint32 // counts the changes of the item
	Modified time.Time
	mailbox  *Mailbox
}

// Item returns an item that is present.
func (m *Mailbox) Item(number uint64) (Item, bool) {
	s, ok := m.state(number)
	if !ok {
		return Item{}, false
	}
	return m.item(number, s), true
}

func (m *Mailbox) item(number uint64, s itemState) Item {
	t := m.Tree()
	home := &t.Folders[s.home]
	it := Item{Folder: &t.Folders[s.folder], Number: number, Version: s.version, Modified: s.modified, mailbox: m}
	if it.Modified.IsZero() {
		it.Modified = home.settled(number)
	}
	it.Message = m.generator.Message(m.seed, s.source, s.version, home.Type, s.created)
	return it
}

// ID returns the item's id.
func (it *Item) ID() string { return it.mailbox.ItemID(it.Number) }

// ChangeKey returns the change key of this version.
func (it *Item) ChangeKey() string { return it.mailbox.changeKey(it.Number, it.Version) }

// Previous returns the version before this one, which is not the first. It was modified a second
// earlier, or when the seed has it.
func (it *Item) Previous() Item {
	s, _ := it.mailbox.state(it.Number)
	s.version = it.Version - 1
	s.modified = it.Modified.Add(-time.Second)
	if s.version == 0 && it.Number < firstAdded {
		s.modified = time.Time{}
	}
	return it.mailbox.item(it.Number, s)
}
