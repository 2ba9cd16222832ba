package dirblob

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"

	"github.com/mailhaul/mailhaul/repository/store"
)

// OpenBucket opens an existing directory.
func OpenBucket(dir string) (*blob.Bucket, error) {
	b, err := openBucket(dir)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(b), nil
}

// CreateBucket opens a directory, and creates it durably if it does not exist.
func CreateBucket(dir string) (*blob.Bucket, error) {
	if err := makeAll(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	return OpenBucket(dir)
}

func openBucket(dir string) (*bucket, error) {
	info, err := os.Stat(dir) // opening a named pipe would block
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &bucket{root: root, note: func(string, string) {}}, nil
}

// A bucket implements driver.Bucket.
type bucket struct {
	root    *os.Root // of the files, whose names are the keys
	lasting dirSet
	note    func(op, key string) // is called before each step that makes a write durable, for tests
}

var _ driver.Bucket = (*bucket)(nil)

// check refuses keys that are not paths of plain characters.
func check(key string) error {
	isSpecial := func(c rune) bool { return c < ' ' || c == 0x7f || strings.ContainsRune(`\:*?"<>|`, c) }
	if strings.ContainsFunc(key, isSpecial) || !fs.ValidPath(key) || key == "." || isSystems(key) {
		return &store.Error{Kind: store.Other, Reason: fmt.Sprintf("%.200q: the key is not one that every file system takes", key)}
	}
	return nil
}

func (b *bucket) Close() error {
	_ = b.root.Remove(tempDir) // if it is empty
	return b.root.Close()
}

func (b *bucket) As(any) bool { return false }

func (b *bucket) Attributes(_ context.Context, key string) (_ *driver.Attributes, err error) {
	defer classify(&err)
	info, err := b.stat(key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{Size: info.Size(), ModTime: info.ModTime()}, nil
}

// stat describes an object's file. A directory is not an object.
func (b *bucket) stat(key string) (fs.FileInfo, error) {
	if err := check(key); err != nil {
		return nil, err
	}
	info, err := b.look(key)
	if err == nil && info.IsDir() {
		err = absent(key)
	}
	return info, err
}

// Delete removes an object, and the directories above it that are empty then.
func (b *bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) (err error) {
	defer classify(&err)
	if _, err := b.stat(key); err != nil {
		return err
	}
	if err := b.root.Remove(key); err != nil {
		return err
	}
	for dir := path.Dir(key); dir != "." && b.root.Remove(dir) == nil; dir = path.Dir(dir) {
		b.lasting.clear() // the loop ends at a directory that is not empty
	}
	return nil
}

func (b *bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errUnsupported
}

func (b *bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errUnsupported
}
