package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// OpenBucket opens a directory that is there.
func OpenBucket(dir string) (*blob.Bucket, error) {
	b, err := openBucket(dir)
	if err != nil {
		return nil, err
	}
	return blob.NewBucket(b), nil
}

// CreateBucket is OpenBucket, and makes the directory durably if it is not there.
func CreateBucket(dir string) (*blob.Bucket, error) {
	if err := makeAll(filepath.Clean(dir)); err != nil {
		return nil, err
	}
	return OpenBucket(dir)
}

func openBucket(dir string) (*bucket, error) {
	info, err := os.Stat(dir) // opening a named pipe would wait
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
	note    func(op, key string) // of what makes writes durable, for tests
}

var _ driver.Bucket = (*bucket)(nil)

// errKey is in the error of a key that is no path of plain characters.
var errKey = errors.New("the key is not one that every file system takes")

// check refuses keys that no object has.
func check(key string) error {
	odd := strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c == 0x7f || strings.ContainsRune(`\:*?"<>|`, c) })
	if odd || !fs.ValidPath(key) || key == "." || isSystems(key) {
		return fmt.Errorf("%.200q: %w", key, errKey)
	}
	return nil
}

func (b *bucket) Close() error {
	_ = b.root.Remove(tempDir) // if it is empty
	return b.root.Close()
}

func (b *bucket) As(any) bool { return false }

func (b *bucket) ErrorAs(err error, to any) bool {
	if p, ok := to.(**fs.PathError); ok {
		return errors.As(err, p)
	}
	return false
}

func (b *bucket) ErrorCode(err error) gcerrors.ErrorCode {
	switch {
	case errors.Is(err, errKey), errors.As(err, new(*IrregularError)):
		return gcerrors.InvalidArgument
	case errors.Is(err, fs.ErrNotExist):
		return gcerrors.NotFound
	case errors.Is(err, fs.ErrExist):
		return gcerrors.FailedPrecondition
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return gcerrors.PermissionDenied
	case errors.Is(err, syscall.ENOSPC):
		return gcerrors.ResourceExhausted
	case errors.Is(err, errors.ErrUnsupported):
		return gcerrors.Unimplemented
	}
	return gcerrors.Unknown
}

func (b *bucket) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	info, err := b.stat(key)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{Size: info.Size(), ModTime: info.ModTime()}, nil
}

// stat returns what the file of an object is: a directory is no object.
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
func (b *bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	if _, err := b.stat(key); err != nil {
		return err
	}
	if err := b.root.Remove(key); err != nil {
		return err
	}
	for dir := path.Dir(key); dir != "." && b.root.Remove(dir) == nil; dir = path.Dir(dir) {
		b.lasting.clear() // one that is not empty ends it
	}
	return nil
}

func (b *bucket) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.ErrUnsupported
}

func (b *bucket) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.ErrUnsupported
}
