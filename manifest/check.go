package manifest

import (
	"errors"
	"fmt"
)

// check holds a snapshot against the rules that need no other object.
func (s *Snapshot) check() error {
	switch {
	case s.Format != FormatVersion:
		return fmt.Errorf("format %d is not %d", s.Format, FormatVersion)
	case s.Mailbox.ID == "":
		return errors.New("mailbox has no id")
	case s.Sequence < 1:
		return errors.New("sequence is not set")
	case (s.Sequence == 1) != s.Parent.IsZero():
		return fmt.Errorf("sequence is %d and parent is %q", s.Sequence, s.Parent)
	case s.State != StateComplete && s.State != StatePartial:
		return fmt.Errorf("state %.40q is neither %s nor %s", s.State, StateComplete, StatePartial)
	case s.Started.IsZero() || s.Finished.IsZero():
		return errors.New("started or finished is not set")
	}
	if err := s.Run.Check(); err != nil {
		return err
	}
	if through := s.State == StateComplete || s.Selection != nil && s.Selection.Through; through && s.Run.Pending > 0 {
		return fmt.Errorf("the run went through everything, but left %d items pending", s.Run.Pending)
	}
	if err := s.checkSegments(); err != nil {
		return err
	}
	return s.checkFolders()
}

func (s *Snapshot) checkSegments() error {
	for i, g := range s.Segments {
		if g.SHA256.IsZero() || g.Rows < 1 || g.Bytes < 0 || g.Size < 1 || g.Size > MaxSegmentSize {
			return fmt.Errorf("segment %d: %d rows of %d bytes in %d is not possible", i, g.Rows, g.Bytes, g.Size)
		}
	}
	return nil
}

func (s *Snapshot) checkFolders() error {
	seen := make(map[string]bool, len(s.Folders))
	var items int64
	for i := range s.Folders {
		f := &s.Folders[i]
		switch {
		case f.ID == "":
			return fmt.Errorf("folder %d has no id", i)
		case seen[f.ID]:
			return fmt.Errorf("folder %.200q is listed twice", f.ID)
		case f.Items < 0:
			return fmt.Errorf("folder %.200q holds %d items", f.ID, f.Items)
		}
		if f.Listing != nil {
			if err := f.Listing.check(); err != nil {
				return fmt.Errorf("folder %.200q: %w", f.ID, err)
			}
		}
		seen[f.ID] = true
		items += f.Items
	}
	if t := s.Totals; t.Items != items || t.Bytes < 0 || t.Stored < 0 || t.Packs < 0 {
		return fmt.Errorf("totals tell %d items, the folders %d", t.Items, items)
	}
	return nil
}
