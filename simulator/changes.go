package simulator

import (
	"fmt"
	"math/rand/v2"

	"github.com/mailhaul/mailhaul/simulator/internal/mailbox"
)

// Delete removes an item, as its owner might while an export runs.
func (s *Server) Delete(mailboxID, itemID string) error {
	m, number, err := s.locateItem(mailboxID, itemID)
	if err == nil {
		err = m.Delete(number)
	}
	return changeError("delete item", itemID, err)
}

// Touch changes an item: it gets a new change key, another size and other content.
func (s *Server) Touch(mailboxID, itemID string) error {
	m, number, err := s.locateItem(mailboxID, itemID)
	if err == nil {
		err = m.Touch(number)
	}
	return changeError("touch item", itemID, err)
}

// Add puts a new item into a folder, which its id or its well-known name names, and returns the
// item's id.
func (s *Server) Add(mailboxID, folderID string) (string, error) {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err != nil {
		return "", changeError("add to folder", folderID, err)
	}
	number, err := m.Add(f.Index)
	if err != nil {
		return "", changeError("add to folder", folderID, err)
	}
	return m.ItemID(number), nil
}

// Move puts an item into another folder and returns the id that it has there: as in Exchange, it is
// a new one. The item's content does not change.
func (s *Server) Move(mailboxID, itemID, folderID string) (string, error) {
	m, number, err := s.locateItem(mailboxID, itemID)
	if err != nil {
		return "", changeError("move item", itemID, err)
	}
	_, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		number, err = m.Move(number, f.Index)
	}
	if err != nil {
		return "", changeError("move item", itemID, err)
	}
	return m.ItemID(number), nil
}

// CreateFolder creates an empty folder of the type of its parent, and returns its id.
func (s *Server) CreateFolder(mailboxID, parentID, name string) (string, error) {
	m, parent, err := s.locateFolder(mailboxID, parentID)
	if err != nil {
		return "", changeError("create folder in", parentID, err)
	}
	index, err := m.CreateFolder(parent.Index, name)
	if err != nil {
		return "", changeError("create folder in", parentID, err)
	}
	return m.FolderID(index), nil
}

// RenameFolder gives a folder another name. Folders with a well-known name keep theirs.
func (s *Server) RenameFolder(mailboxID, folderID, name string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		err = m.RenameFolder(f.Index, name)
	}
	return changeError("rename folder", folderID, err)
}

// MoveFolder puts a folder, with all that is in it, into another. All ids stay.
func (s *Server) MoveFolder(mailboxID, folderID, parentID string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err != nil {
		return changeError("move folder", folderID, err)
	}
	_, parent, err := s.locateFolder(mailboxID, parentID)
	if err == nil {
		err = m.MoveFolder(f.Index, parent.Index)
	}
	return changeError("move folder", folderID, err)
}

// DeleteFolder removes a folder permanently, with all that is in it.
func (s *Server) DeleteFolder(mailboxID, folderID string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		err = m.DeleteFolder(f.Index)
	}
	return changeError("delete folder", folderID, err)
}

// Relocate makes a folder of an archive, with all that is in it, live in an auxiliary mailbox, as
// in archives that expand. All ids stay. auxiliary counts from 1 to [Options].Auxiliaries; 0 moves
// the folder back.
func (s *Server) Relocate(mailboxID, folderID string, auxiliary int) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil && (auxiliary < 0 || auxiliary > len(m.Auxiliaries)) {
		err = fmt.Errorf("there is no auxiliary mailbox %d", auxiliary)
	}
	if err == nil {
		err = m.Relocate(f.Index, auxiliary)
	}
	return changeError("relocate folder", folderID, err)
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

func (s *Server) locateFolder(mailboxID, folderID string) (*hostedMailbox, *mailbox.Folder, error) {
	m := s.tenant.locate(mailboxID).mailbox
	if m == nil {
		return nil, nil, fmt.Errorf("no mailbox %q", mailboxID)
	}
	f, err := m.Folder(folderID)
	return m, f, err
}

func (s *Server) locateItem(mailboxID, itemID string) (*hostedMailbox, uint64, error) {
	m := s.tenant.locate(mailboxID).mailbox
	if m == nil {
		return nil, 0, fmt.Errorf("no mailbox %q", mailboxID)
	}
	number, err := m.ItemNumber(itemID)
	return m, number, err
}

func changeError(op, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("simulator: %s %q: %w", op, id, err)
}
