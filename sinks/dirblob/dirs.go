package dirblob

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"
)

// maxLasting bounds the directories that a bucket remembers.
const maxLasting = 4096

// A dirSet is a set of directories whose names, from the bucket's own directory down, are
// known to survive a power cut. It is safe for concurrent use.
type dirSet struct {
	mu   sync.Mutex
	dirs map[string]struct{}
}

func (s *dirSet) has(dir string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.dirs[dir]
	return ok
}

func (s *dirSet) add(dir string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dirs == nil || len(s.dirs) == maxLasting {
		s.dirs = map[string]struct{}{} // what is forgotten is synced once more
	}
	s.dirs[dir] = struct{}{}
}

// clear forgets all: one of them is gone.
func (s *dirSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirs = nil
}

// makeDir makes a directory durably, with those above it in the bucket. That one is there
// does not tell that its name is durable: who made it may be about to sync that, or have
// been killed before.
func (b *bucket) makeDir(dir string) error {
	if dir == "." || b.lasting.has(dir) {
		return nil
	}
	parent := path.Dir(dir)
	if err := b.makeDir(parent); err != nil {
		return err
	}
	isNew, err := b.mkdir(dir)
	if err != nil {
		return err
	}
	if err := b.syncDir(parent); err != nil {
		return err
	}
	if !isNew { // the names in it come before those that are given now
		if err := b.syncDir(dir); err != nil {
			return err
		}
	}
	b.lasting.add(dir)
	return nil
}

// mkdir makes a directory, and reports whether it was not there. What is there instead of one
// is an error.
func (b *bucket) mkdir(dir string) (isNew bool, err error) {
	if err = b.root.Mkdir(dir, 0o777); !errors.Is(err, fs.ErrExist) {
		return true, err
	}
	info, err := b.lstat(dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "mkdir", Path: dir, Err: syscall.ENOTDIR}
	}
	return false, err
}

// taken returns the error of a name that could not be given. One that is there already is
// made durable: the caller will rely on it, and its writer may have been killed before it
// did so.
func (b *bucket) taken(dir string, err error) error {
	if _, irregular := b.look(dir); errors.As(irregular, new(*IrregularError)) {
		return irregular
	}
	if errors.Is(err, fs.ErrExist) {
		if syncErr := b.syncDir(dir); syncErr != nil {
			return syncErr
		}
	}
	return err
}

// syncDir makes the names in a directory of the bucket durable.
func (b *bucket) syncDir(dir string) error {
	b.note("sync", dir)
	return syncDir(func() (*os.File, error) { return b.root.OpenFile(dir, os.O_RDONLY|doNotWait, 0) })
}

func syncPath(dir string) error { return syncDir(func() (*os.File, error) { return os.Open(dir) }) }

// makeAll makes a bucket's directory durably, with those above it.
func makeAll(dir string) error {
	parent := filepath.Dir(dir)
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		// Another process may have made it a moment ago. If it is an old one, its parent
		// may be none that this process may open.
		_ = syncPath(parent)
		return nil
	}
	if parent != dir {
		if err := makeAll(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncPath(parent)
}
