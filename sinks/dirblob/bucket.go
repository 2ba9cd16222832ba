package dirblob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	slashpath "path"
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
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: dir, Err: syscall.ENOTDIR}
	}
	return &bucket{dir: filepath.Clean(dir), note: func(string, string) {}}, err
}

// A bucket implements driver.Bucket.
type bucket struct {
	dir     string
	lasting dirSet
	note    func(op, path string) // of what makes writes durable, for tests
}

var _ driver.Bucket = (*bucket)(nil)

// errKey is in the error of a key that is no path of plain characters.
var errKey = errors.New("the key is not one that every file system takes")

// path returns the file of a key.
func (b *bucket) path(key string) (string, error) {
	if !fs.ValidPath(key) || key == "." || strings.ContainsAny(key, "\\:*?\"<>|") || isHidden(key) {
		return "", fmt.Errorf("%.200q: %w", key, errKey)
	}
	for _, c := range key {
		if c < ' ' || c == 0x7f {
			return "", fmt.Errorf("%.200q: %w", key, errKey)
		}
	}
	return filepath.Join(b.dir, filepath.FromSlash(key)), nil
}

// isHidden reports whether a key lies in the directory of what is being written.
func isHidden(key string) bool { return key == tempDir || strings.HasPrefix(key, tempDir+"/") }

func (b *bucket) Close() error {
	_ = os.Remove(filepath.Join(b.dir, tempDir)) // if it is empty
	return nil
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
	case errors.Is(err, errKey):
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
	path, err := b.path(key)
	if err != nil {
		return nil, err
	}
	info, err := stat(path)
	if err != nil {
		return nil, err
	}
	return &driver.Attributes{Size: info.Size(), ModTime: info.ModTime()}, nil
}

// stat is os.Stat of a file: a directory is no object.
func stat(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return info, err
}

// Delete removes an object, and the directories above it that are empty then.
func (b *bucket) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	path, err := b.path(key)
	if err != nil {
		return err
	}
	if _, err := stat(path); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	for dir := slashpath.Dir(key); dir != "." && os.Remove(filepath.Join(b.dir, dir)) == nil; dir = slashpath.Dir(dir) {
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
