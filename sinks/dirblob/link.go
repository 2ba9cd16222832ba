package dirblob

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// follow returns what an entry of a directory is: what a symbolic link leads to, as reads and
// writes have it.
func (b *bucket) follow(dir string, e fs.DirEntry) (fs.DirEntry, error) {
	if e.Type()&fs.ModeSymlink == 0 {
		return e, nil
	}
	at := filepath.Join(b.dir, filepath.FromSlash(dir))
	name := filepath.Join(at, e.Name())
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist): // an object there is not absent: it cannot be reached
		return nil, fmt.Errorf("%s is a symbolic link to what is not there; is a disk missing?", name)
	case err != nil:
		return nil, err
	case info.IsDir() && b.within(at, info):
		return nil, fmt.Errorf("%s is a symbolic link to a directory that it lies in", name)
	}
	return linked{fs.FileInfoToDirEntry(info), e.Name()}, nil
}

// linked is what a symbolic link leads to, under the link's name.
type linked struct {
	fs.DirEntry
	name string
}

func (l linked) Name() string { return l.name }

// within reports whether a directory is another one, or lies in it.
func (b *bucket) within(dir string, other fs.FileInfo) bool {
	for {
		if info, err := os.Stat(dir); err == nil && os.SameFile(info, other) {
			return true
		}
		if dir == b.dir {
			return false
		}
		dir = filepath.Dir(dir)
	}
}
