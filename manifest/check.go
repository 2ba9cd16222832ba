package manifest

import (
	"errors"
	"fmt"
)

// check checks the rules of the format that need no other object.
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
	if s.IsThrough() && s.Run.Pending > 0 {
		return fmt.Errorf("the run finished, but left %d items pending", s.Run.Pending)
	}
	for _, check := range []func() error{s.checkLists, s.checkSegments, s.checkFailures, s.Totals.check, s.checkFolders} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// The greatest counts and sums. The sum of a count over all folders of a manifest does not
// overflow, nor does the sum of two numbers of bytes.
const (
	maxCount = 1 << 40
	maxBytes = 1 << 60
	maxRows  = 1<<32 - 1 // of all segments together: rows.Overlay numbers them with 32 bits
)

// inRange reports whether all numbers are in the range 0 to limit.
func inRange(limit int64, numbers ...int64) bool {
	for _, n := range numbers {
		if n < 0 || n > limit {
			return false
		}
	}
	return true
}

func (s *Snapshot) checkSegments() error {
	var rows, bytes int64
	for i := range s.Segments {
		g := &s.Segments[i]
		if err := g.check(); err != nil {
			return fmt.Errorf("segment %d: %w", i, err)
		}
		rows, bytes = rows+g.Rows, bytes+g.Bytes
		if rows > maxRows || bytes > maxBytes {
			return fmt.Errorf("segments have %d rows of %d bytes, more than the format allows", rows, bytes)
		}
	}
	return nil
}

func (s *Segment) check() error {
	if s.SHA256.IsZero() || s.Rows < 1 || s.Rows > maxSegmentRows || s.Size < 1 || s.Size > maxSegmentSize || !inRange(maxBytes, s.Bytes) {
		return fmt.Errorf("%d rows of %d bytes in %d stored bytes is not possible", s.Rows, s.Bytes, s.Size)
	}
	return nil
}

func (s *Snapshot) checkFolders() error {
	seen := make(map[string]bool, len(s.Folders))
	var items int64
	for i := range s.Folders {
		f := &s.Folders[i]
		if err := f.check(); err != nil {
			return fmt.Errorf("folder %d: %w", i, err)
		}
		if s.State == StateComplete && f.Error != "" && f.Unlisted == 0 && f.LeftOut == "" {
			return fmt.Errorf("folder %.200q could not be listed, and the state is %s", f.ID, s.State)
		}
		if seen[f.ID] {
			return fmt.Errorf("folder %.200q is listed twice", f.ID)
		}
		seen[f.ID] = true
		items += f.Items
	}
	if s.Totals.Items != items {
		return fmt.Errorf("totals have %d items, the folders %d", s.Totals.Items, items)
	}
	return nil
}

func (f *Folder) check() error {
	switch {
	case f.ID == "":
		return errors.New("it has no id")
	case len(f.Path) > maxTexts:
		return fmt.Errorf("its path has more than %d names", maxTexts)
	case !inRange(maxCount, f.TotalItemCount, f.Items, f.Gone, f.ItemsLeftOut, f.LeftOutHeld, f.Unconfirmed, f.Unlisted):
		return fmt.Errorf("%d items, %d held, %d gone, %d left out, %d left out and held, %d unconfirmed, %d unlisted is not possible",
			f.TotalItemCount, f.Items, f.Gone, f.ItemsLeftOut, f.LeftOutHeld, f.Unconfirmed, f.Unlisted)
	case f.Listing != nil:
		return f.Listing.check()
	}
	return nil
}

func (s *Snapshot) checkFailures() error {
	for i := range s.Failures {
		if err := s.Failures[i].check(); err != nil {
			return fmt.Errorf("failure %d: %w", i, err)
		}
	}
	return nil
}

func (f *Failure) check() error {
	switch {
	case f.ID == "" || f.Folder == "":
		return errors.New("it has no id or no folder")
	case !inRange(maxCount, int64(f.Attempts), int64(f.Runs)):
		return fmt.Errorf("%d attempts in %d runs is not possible", f.Attempts, f.Runs)
	}
	return nil
}

// checkLists checks the lengths of lists: the decoder rejects a manifest with more elements.
func (s *Snapshot) checkLists() error {
	sel := s.Selection
	if sel == nil {
		sel = &Selection{}
	}
	texts := max(len(sel.Folders), len(sel.Exclude), len(sel.Types))
	if len(s.Folders) > maxFolders || len(s.Segments) > maxSegments || len(s.Failures) > maxFailures || texts > maxTexts {
		return fmt.Errorf("%d folders, %d segments, %d failures, %d patterns: more than the format allows",
			len(s.Folders), len(s.Segments), len(s.Failures), texts)
	}
	return nil
}

func (t Totals) check() error {
	if !inRange(maxBytes, t.Items, t.Bytes, t.Stored, t.Packs) {
		return fmt.Errorf("totals of %d items, %d bytes, %d bytes in %d packs are not possible", t.Items, t.Bytes, t.Stored, t.Packs)
	}
	return nil
}
