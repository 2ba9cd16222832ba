package simulator

import (
	"fmt"
	"math/rand/v2"
)

// Delete removes an item, as its owner might while an export runs.
func (s *Server) Delete(mailboxID, itemID string) error {
	return s.tenant.withItem("delete item", mailboxID, itemID, (*hostedMailbox).Delete)
}

// Touch changes an item: it gets a new change key, another size and other content.
func (s *Server) Touch(mailboxID, itemID string) error {
	return s.tenant.withItem("touch item", mailboxID, itemID, (*hostedMailbox).Touch)
}

// Add puts a new item into a folder, which its id or its well-known name names, and returns the
// item's id.
func (s *Server) Add(mailboxID, folderID string) (id string, err error) {
	err = s.tenant.withFolder("add to folder", mailboxID, folderID, func(m *hostedMailbox, folder int) error {
		number, err := m.Add(folder)
		if err == nil {
			id = m.ItemID(number)
		}
		return err
	})
	return id, err
}

// Move puts an item into another folder and returns the id that it has there: as in Exchange, it is
// a new one. The item's content does not change.
func (s *Server) Move(mailboxID, itemID, folderID string) (id string, err error) {
	err = s.tenant.withItem("move item", mailboxID, itemID, func(m *hostedMailbox, number uint64) error {
		f, err := m.Folder(folderID)
		if err != nil {
			return err
		}
		moved, err := m.Move(number, f.Index)
		if err == nil {
			id = m.ItemID(moved)
		}
		return err
	})
	return id, err
}

// CreateFolder creates an empty folder of the type of its parent, and returns its id.
func (s *Server) CreateFolder(mailboxID, parentID, name string) (id string, err error) {
	err = s.tenant.withFolder("create folder in", mailboxID, parentID, func(m *hostedMailbox, parent int) error {
		folder, err := m.CreateFolder(parent, name)
		if err == nil {
			id = m.FolderID(folder)
		}
		return err
	})
	return id, err
}

// RenameFolder gives a folder another name. Folders with a well-known name keep theirs.
func (s *Server) RenameFolder(mailboxID, folderID, name string) error {
	return s.tenant.withFolder("rename folder", mailboxID, folderID, func(m *hostedMailbox, folder int) error {
		return m.RenameFolder(folder, name)
	})
}

// MoveFolder puts a folder, with all that is in it, into another. All ids stay.
func (s *Server) MoveFolder(mailboxID, folderID, parentID string) error {
	return s.tenant.withFolder("move folder", mailboxID, folderID, func(m *hostedMailbox, folder int) error {
		parent, err := m.Folder(parentID)
		if err != nil {
			return err
		}
		return m.MoveFolder(folder, parent.Index)
	})
}

// DeleteFolder removes a folder permanently, with all that is in it.
func (s *Server) DeleteFolder(mailboxID, folderID string) error {
	return s.tenant.withFolder("delete folder", mailboxID, folderID, (*hostedMailbox).DeleteFolder)
}

// Relocate makes a folder of an archive, with all that is in it, live in an auxiliary mailbox, as
// in archives that expand. All ids stay. auxiliary counts from 1 to [Options].Auxiliaries; 0 moves
// the folder back.
func (s *Server) Relocate(mailboxID, folderID string, auxiliary int) error {
	return s.tenant.withFolder("relocate folder", mailboxID, folderID, func(m *hostedMailbox, folder int) error {
		if auxiliary < 0 || auxiliary > len(m.Auxiliaries) {
			return fmt.Errorf("there is no auxiliary mailbox %d", auxiliary)
		}
		return m.Relocate(folder, auxiliary)
	})
}

// Step makes one random change, which may be of several items, to a mailbox, and returns what it
// did. The same r does the same to the same mailbox.
func (s *Server) Step(mailboxID string, r *rand.Rand) (string, error) {
	m := s.tenant.locate(mailboxID).mailbox
	if m == nil {
		return "", fmt.Errorf("simulator: no mailbox %q", mailboxID)
	}
	return m.Step(r), nil
}

// withItem calls do with the number of an item. Its errors name the operation and the item.
func (t *tenant) withItem(op, mailboxID, itemID string, do func(m *hostedMailbox, number uint64) error) error {
	return t.with(op, mailboxID, itemID, func(m *hostedMailbox) error {
		number, err := m.ItemNumber(itemID)
		if err != nil {
			return err
		}
		return do(m, number)
	})
}

// withFolder calls do with the index of a folder. Its errors name the operation and the folder.
func (t *tenant) withFolder(op, mailboxID, folderID string, do func(m *hostedMailbox, folder int) error) error {
	return t.with(op, mailboxID, folderID, func(m *hostedMailbox) error {
		f, err := m.Folder(folderID)
		if err != nil {
			return err
		}
		return do(m, f.Index)
	})
}

func (t *tenant) with(op, mailboxID, id string, do func(m *hostedMailbox) error) error {
	m := t.locate(mailboxID).mailbox
	err := fmt.Errorf("no mailbox %q", mailboxID)
	if m != nil {
		err = do(m)
	}
	if err != nil {
		return fmt.Errorf("simulator: %s %q: %w", op, id, err)
	}
	return nil
}
