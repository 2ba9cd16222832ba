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
		return "", err
	}
	number, err := m.add(f.index, s.now())
	if err != nil {
		return "", liveError("add to folder", folderID, err)
	}
	return s.sealer.encode(m, kindItem, number), nil
}

// locateFolder finds a folder by its ids.
func (s *Server) locateFolder(mailboxID, folderID string) (*mailbox, *folder, error) {
	m := s.mailbox(mailboxID)
	if m == nil {
		return nil, nil, fmt.Errorf("simulator: no mailbox %q", mailboxID)
	}
	f, err := s.folder(m, folderID)
	return m, f, liveError("find folder", folderID, err)
}

func liveError(op, id string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("simulator: %s %q: %w", op, id, err)
}
