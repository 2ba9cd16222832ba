package dirblob

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path/filepath"

	"gocloud.dev/blob/driver"
)

// tempDir is where objects are while they are written. A process that is killed may
// leave files there, which are of no use.
const tempDir = ".tmp"

// A writer writes an object. It appears under its name when the writer is closed, or
// never.
type writer struct {
	ctx    context.Context
	bucket *bucket
	path   string
	absent bool
	md5    []byte // that the content must have, if any

	file *os.File
	hash hash.Hash
	err  error // of Write: nothing more is written
}

func (b *bucket) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	path, err := b.path(key)
	if err != nil {
		return nil, err
	}
	file, err := b.createTemp()
	if err != nil {
		return nil, err
	}
	w := &writer{ctx: ctx, bucket: b, path: path, absent: opts.IfNotExist, md5: opts.ContentMD5, file: file}
	if len(w.md5) > 0 {
		w.hash = md5.New()
	}
	return w, nil
}

// createTemp creates a file to write to. Whoever closes a bucket may remove the
// directory for that just after it was made.
func (b *bucket) createTemp() (file *os.File, err error) {
	temp := filepath.Join(b.dir, tempDir)
	for range 100 {
		if err := os.MkdirAll(temp, 0o777); err != nil {
			return nil, err
		}
		if file, err = os.CreateTemp(temp, "object-*"); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return file, err
}

func (w *writer) Write(p []byte) (int, error) {
	n, err := w.file.Write(p)
	if w.hash != nil {
		w.hash.Write(p[:n])
	}
	w.err = err
	return n, err
}

// Close makes the object durable under its name.
func (w *writer) Close() (err error) {
	defer func() { err = errors.Join(err, removed(w.file.Name())) }()
	err = w.finish()
	if err != nil {
		return err
	}
	return w.publish()
}

// finish ends the file, whose bytes are durable then.
func (w *writer) finish() error {
	err := w.err
	if err == nil {
		err = w.ctx.Err()
	}
	if err == nil && w.hash != nil && !bytes.Equal(w.hash.Sum(nil), w.md5) {
		err = fmt.Errorf("%s: the content does not have the MD5 that it should", w.path)
	}
	if err == nil {
		w.bucket.note("sync", w.path)
		err = w.file.Sync()
	}
	return errors.Join(err, w.file.Close())
}

// publish gives the file its name. Whoever deletes the last object of the directory may
// remove that just after it was made.
func (w *writer) publish() (err error) {
	dir := filepath.Dir(w.path)
	for range 100 {
		if err = w.bucket.makeDir(dir); err == nil {
			err = w.name()
		}
		if !errors.Is(err, fs.ErrNotExist) {
			break
		}
		w.bucket.lasting.clear()
	}
	if err != nil {
		return w.bucket.taken(dir, err)
	}
	return w.bucket.syncDir(dir)
}

func (w *writer) name() error {
	w.bucket.note("name", w.path)
	if w.absent {
		return os.Link(w.file.Name(), w.path)
	}
	return os.Rename(w.file.Name(), w.path)
}

// removed removes a file that may not be there.
func removed(name string) error {
	err := os.Remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
