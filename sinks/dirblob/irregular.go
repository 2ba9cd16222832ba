package dirblob

import (
	"io/fs"
	"os"
	"strings"

	"gocloud.dev/blob/driver"

	"github.com/mailhaul/mailhaul/repository/store"
)

// checkRegular returns an error for what is neither a file nor a directory.
func checkRegular(key string, mode fs.FileMode) error {
	if mode.IsRegular() || mode.IsDir() {
		return nil
	}
	return irregular(key, mode)
}

// irregularEntry returns the entry in a list of what is not an object.
func irregularEntry(key string, mode fs.FileMode) *driver.ListObject {
	return &driver.ListObject{Key: key, AsFunc: func(to any) bool {
		p, ok := to.(**store.Error)
		if ok {
			*p = irregular(key, mode)
		}
		return ok
	}}
}

// look describes what is at a key. It follows no symbolic link, at the key or above it.
func (b *bucket) look(key string) (fs.FileInfo, error) {
	for i := range key {
		if key[i] != '/' {
			continue
		}
		info, err := b.lstat(key[:i])
		if err != nil {
			return nil, err
		}
		if !info.IsDir() { // a file has nothing below it
			return nil, absent(key)
		}
	}
	return b.lstat(key)
}

func (b *bucket) lstat(key string) (fs.FileInfo, error) {
	info, err := b.root.Lstat(key)
	if err != nil {
		return nil, err
	}
	return info, checkRegular(key, info.Mode())
}

func absent(key string) error {
	return &fs.PathError{Op: "open", Path: key, Err: fs.ErrNotExist}
}

// open opens the file or the directory at a key for reading.
func (b *bucket) open(key string) (file *os.File, info fs.FileInfo, err error) {
	if _, err := b.look(key); err != nil {
		return nil, nil, err
	}
	return b.openSeen(key)
}

// openSeen opens what look has shown to be a file or a directory. If something else has replaced it
// since, openSeen neither blocks, as on a named pipe, nor leaves the bucket.
func (b *bucket) openSeen(key string) (file *os.File, info fs.FileInfo, err error) {
	if file, err = b.root.OpenFile(key, os.O_RDONLY|doNotWait, 0); err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = checkRegular(key, info.Mode())
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// readDir returns the entries of a directory of the bucket, which may not exist.
func (b *bucket) readDir(key string) ([]fs.DirEntry, error) {
	file, info, err := b.open(key)
	if err != nil {
		return nil, ignoreAbsent(err)
	}
	defer file.Close()
	if !info.IsDir() {
		return nil, nil
	}
	return file.ReadDir(-1)
}

// isSystems reports whether a key belongs to what file systems, storage devices and desktops put at
// the top of a directory, where other programs may have no access. Objects have no such keys.
func isSystems(key string) bool {
	top, _, _ := strings.Cut(key, "/")
	switch top {
	case "lost+found", "@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information":
		return true
	}
	return strings.HasPrefix(top, ".")
}
