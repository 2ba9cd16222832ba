package dirblob

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/mailhaul/mailhaul/repository/store"
)

// maxLasting bounds the number of directories that a bucket remembers.
const maxLasting = 4096

// A dirSet is a set of directories that survive a power cut, with those above them in the bucket.
// It is safe for concurrent use.
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
		s.dirs = map[string]struct{}{} // those that are dropped are synced once more
	}
	s.dirs[dir] = struct{}{}
}

// clear empties the set, after a directory was removed.
func (s *dirSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dirs = nil
}

// makeDir creates a directory durably, with those above it in the bucket. It syncs an existing
// directory too: the process that created it may not have synced it yet, or was killed before.
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
	if !isNew { // its entries must be as durable as the new one
		if err := b.syncDir(dir); err != nil {
			return err
		}
	}
	b.lasting.add(dir)
	return nil
}

// mkdir creates a directory, and reports whether it is new.
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

// taken returns the error of an object that could not get its name. If the object exists, taken
// makes it durable: the caller will rely on it, and its writer may have been killed.
func (b *bucket) taken(dir string, err error) error {
	if _, lookErr := b.look(dir); store.Is(lookErr, store.Irregular) {
		return lookErr
	}
	if errors.Is(err, fs.ErrExist) {
		if syncErr := b.syncDir(dir); syncErr != nil {
			return syncErr
		}
	}
	return err
}

// syncDir makes the entries of a directory of the bucket durable.
func (b *bucket) syncDir(dir string) error {
	b.note("sync", dir)
	return syncDir(func() (*os.File, error) { return b.root.OpenFile(dir, os.O_RDONLY|doNotWait, 0) })
}

func syncPath(dir string) error { return syncDir(func() (*os.File, error) { return os.Open(dir) }) }

// makeAll creates a bucket's directory durably, with those above it.
func makeAll(dir string) error {
	parent := filepath.Dir(dir)
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		// Another process may have just created it. The error does not matter: the parent of
		// an old directory may not be readable.
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
