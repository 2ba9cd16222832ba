package dirblob

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/rand"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"os"
	"path"

	"gocloud.dev/blob/driver"
)

// tempDir holds objects while they are written. The files that a killed process leaves there are
// of no use.
const tempDir = ".tmp"

// A writer writes an object, which appears under its name when the writer is closed.
type writer struct {
	ctx    context.Context // of the whole write: driver.Writer's methods take none
	bucket *bucket
	key    string
	absent bool
	md5    []byte // that the content must have, if any

	file *os.File
	temp string // the file's name
	hash hash.Hash
	err  error // of Write
}

func (b *bucket) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (_ driver.Writer, err error) {
	defer classify(&err)
	if err := check(key); err != nil {
		return nil, err
	}
	file, temp, err := b.createTemp()
	if err != nil {
		return nil, err
	}
	w := &writer{ctx: ctx, bucket: b, key: key, absent: opts.IfNotExist, md5: opts.ContentMD5, file: file, temp: temp}
	if len(w.md5) > 0 {
		w.hash = md5.New()
	}
	return w, nil
}

// createTemp creates a file to write to. It repeats that, since another process that closes its
// bucket may remove tempDir at any moment.
func (b *bucket) createTemp() (file *os.File, name string, err error) {
	for range 100 {
		if _, err := b.mkdir(tempDir); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, "", err
		}
		name = path.Join(tempDir, "object-"+rand.Text())
		if file, err = b.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); !errors.Is(err, fs.ErrNotExist) {
			break
		}
	}
	return file, name, err
}

func (w *writer) Write(p []byte) (n int, err error) {
	defer classify(&err)
	n, err = w.file.Write(p)
	if w.hash != nil {
		w.hash.Write(p[:n])
	}
	w.err = err
	return n, err
}

// Close makes the object durable under its name.
func (w *writer) Close() (err error) {
	defer classify(&err)
	defer func() { err = errors.Join(err, w.bucket.remove(w.temp)) }()
	err = w.finish()
	if err != nil {
		return err
	}
	return w.publish()
}

// finish makes the file's bytes durable and closes it.
func (w *writer) finish() error {
	err := w.err
	if err == nil {
		err = w.ctx.Err()
	}
	if err == nil && w.hash != nil && !bytes.Equal(w.hash.Sum(nil), w.md5) {
		err = fmt.Errorf("%s: the content does not have the MD5 that it should", w.key)
	}
	if err == nil {
		w.bucket.note("sync", w.key)
		err = w.file.Sync()
	}
	return errors.Join(err, w.file.Close())
}

// publish gives the file its name. It repeats that, since another process that deletes the last
// object of the directory may remove the directory at any moment.
func (w *writer) publish() (err error) {
	dir := path.Dir(w.key)
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
	w.bucket.note("name", w.key)
	if w.absent {
		return w.bucket.root.Link(w.temp, w.key)
	}
	return w.bucket.root.Rename(w.temp, w.key)
}

// remove removes a file that may not exist.
func (b *bucket) remove(name string) error { return ignoreAbsent(b.root.Remove(name)) }

func ignoreAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
