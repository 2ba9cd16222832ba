package simulator

import "fmt"

// Delete removes an item, as its owner might while an export runs.
func (s *Server) Delete(mailboxID, itemID string) error {
	m, number, err := s.locate(mailboxID, itemID)
	if err == nil {
		err = m.delete(number)
	}
	return liveError("delete item", itemID, err)
}

// Touch changes an item: it gets a new change key, another size and other content.
func (s *Server) Touch(mailboxID, itemID string) error {
	m, number, err := s.locate(mailboxID, itemID)
	if err == nil {
		err = m.touch(number, s.now())
	}
	return liveError("touch item", itemID, err)
}

// Add puts a new item in a folder, which may be given by its well-known name, and returns the item's id.
func (s *Server) Add(mailboxID, folderID string) (string, error) {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err != nil {
		return "", liveError("add to folder", folderID, err)
	}
	number, err := m.add(f.index, s.now())
	if err != nil {
		return "", liveError("add to folder", folderID, err)
	}
	return s.sealer.encode(m, kindItem, number), nil
}

// Move puts an item into another folder and returns the id that it has there: Exchange gives it a new one. What it
// holds does not change.
func (s *Server) Move(mailboxID, itemID, folderID string) (string, error) {
	m, number, err := s.locate(mailboxID, itemID)
	if err != nil {
		return "", liveError("move item", itemID, err)
	}
	_, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		number, err = m.move(number, f.index, s.now())
	}
	if err != nil {
		return "", liveError("move item", itemID, err)
	}
	return s.sealer.encode(m, kindItem, number), nil
}

// CreateFolder makes an empty folder for items of the kind that parentID is for, and returns its id.
func (s *Server) CreateFolder(mailboxID, parentID, name string) (string, error) {
	m, parent, err := s.locateFolder(mailboxID, parentID)
	if err != nil {
		return "", liveError("create folder in", parentID, err)
	}
	index, err := m.createFolder(parent.index, name, orDefault(parent.kind, "IPF.Note"))
	if err != nil {
		return "", liveError("create folder in", parentID, err)
	}
	return s.folderID(m, index), nil
}

// RenameFolder gives a folder another name. Folders with a well-known name keep theirs.
func (s *Server) RenameFolder(mailboxID, folderID, name string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		err = m.renameFolder(f.index, name)
	}
	return liveError("rename folder", folderID, err)
}

// MoveFolder puts a folder, with all that is in it, into another. All ids stay.
func (s *Server) MoveFolder(mailboxID, folderID, parentID string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err != nil {
		return liveError("move folder", folderID, err)
	}
	_, parent, err := s.locateFolder(mailboxID, parentID)
	if err == nil {
		err = m.moveFolder(f.index, parent.index)
	}
	return liveError("move folder", folderID, err)
}

// DeleteFolder removes a folder for good, with all that is in it.
func (s *Server) DeleteFolder(mailboxID, folderID string) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil {
		err = m.deleteFolder(f.index)
	}
	return liveError("delete folder", folderID, err)
}

// Relocate makes a folder of an archive, with all that is in it, live in an auxiliary mailbox, as archives do that
// expand. All ids stay. auxiliary counts from 1 to [Options].Auxiliaries; 0 puts the folder back.
func (s *Server) Relocate(mailboxID, folderID string, auxiliary int) error {
	m, f, err := s.locateFolder(mailboxID, folderID)
	if err == nil && (auxiliary < 0 || auxiliary > len(m.auxiliaries)) {
		err = fmt.Errorf("there is no auxiliary mailbox %d", auxiliary)
	}
	if err == nil {
		err = m.place(f.index, auxiliary)
	}
	return liveError("relocate folder", folderID, err)
}

// locateFolder finds a folder by its ids.
func (s *Server) locateFolder(mailboxID, folderID string) (*mailbox, *folder, error) {
	m := s.mailbox(mailboxID)
	if m == nil {
		return nil, nil, fmt.Errorf("no mailbox %q", mailboxID)
	}
	f, err := s.folder(m, folderID)
	return m, f, err
}

// locate finds an item by its ids.
func (s *Server) locate(mailboxID, itemID string) (*mailbox, uint64, error) {
	m := s.mailbox(mailboxID)
	if m == nil {
		return nil, 0, fmt.Errorf("no mailbox %q", mailboxID)
	}
	number, err := s.sealer.decode(m, kindItem, itemID)
	return m, number, err
}

func liveError(op, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("simulator: %s %q: %w", op, id, err)
}
