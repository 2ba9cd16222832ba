package dirblob

import (
	"fmt"
	"io/fs"
	"os"
	"strings"

	"gocloud.dev/blob/driver"
)

// An IrregularError is the error of what is neither a file nor a directory, such as a symbolic
// link or a named pipe. It is not followed, not opened, and not an object. It is listed, and the
// entry of the list has this error for its As.
type IrregularError struct {
	Key  string      // where it is: the object's key, or that of a directory above it
	Type fs.FileMode // its type bits
}

func (e *IrregularError) Error() string {
	return fmt.Sprintf("it is %s, and not a file or a directory", kindOf(e.Type))
}

func kindOf(mode fs.FileMode) string {
	switch {
	case mode&fs.ModeSymlink != 0:
		return "a symbolic link"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return "a special file"
}

// plain returns an error for what is neither a file nor a directory.
func plain(key string, mode fs.FileMode) error {
	if mode.IsRegular() || mode.IsDir() {
		return nil
	}
	return &IrregularError{key, mode.Type()}
}

// listedIrregular is the entry in a list of what is no object.
func listedIrregular(key string, mode fs.FileMode) *driver.ListObject {
	return &driver.ListObject{Key: key, AsFunc: func(to any) bool {
		p, ok := to.(**IrregularError)
		if ok {
			*p = &IrregularError{key, mode.Type()}
		}
		return ok
	}}
}

// look returns what is at a key. It follows no symbolic link: neither there nor above it.
func (b *bucket) look(key string) (fs.FileInfo, error) {
	for i := range key {
		if key[i] != '/' {
			continue
		}
		info, err := b.lstat(key[:i])
		if err != nil {
			return nil, err
		}
		if !info.IsDir() { // there is nothing below a file
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
	return info, plain(key, info.Mode())
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

// openSeen opens what a look has shown to be a file or a directory. What has taken its place
// since is not waited for, as a named pipe would be, and does not lead out of the bucket.
func (b *bucket) openSeen(key string) (file *os.File, info fs.FileInfo, err error) {
	if file, err = b.root.OpenFile(key, os.O_RDONLY|doNotWait, 0); err != nil {
		return nil, nil, err
	}
	if info, err = file.Stat(); err == nil {
		err = plain(key, info.Mode())
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// readDir returns what lies in a directory of the bucket: nothing, if there is none.
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

// isSystems reports whether a key is of what file systems, storage devices and desktops put at
// the top of a directory, and other programs may not even read. Objects have no such keys.
func isSystems(key string) bool {
	top, _, _ := strings.Cut(key, "/")
	switch top {
	case "lost+found", "@eaDir", "#recycle", "#snapshot", "$RECYCLE.BIN", "System Volume Information":
		return true
	}
	return strings.HasPrefix(top, ".")
}
