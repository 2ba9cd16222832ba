package s3blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"maps"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob/driver"

	"github.com/mailhaul/mailhaul/repository/store"
)

// maxPut is the number of bytes up to which one PUT stores an object. Longer objects are stored
// in parts of this size.
const maxPut = 64 << 20

// A writer writes an object, which appears when the writer is closed.
type writer struct {
	ctx    context.Context // of the whole write: driver.Writer's methods take none
	bucket *bucket
	key    string
	opts   minio.PutObjectOptions
	upload store.Upload

	ifAbsent bool
	head     bytes.Buffer // bytes that are not sent yet
	parts    *parts       // those that are; nil: none
	over     bool         // the object is stored, or err is why it is not
	err      error
}

var _ driver.Uploader = (*writer)(nil)

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (_ driver.Writer, err error) {
	defer classify(&err)
	put := b.opts.put()
	put.UserMetadata, put.ContentType, put.ContentEncoding = escapeMetadata(opts.Metadata), contentType, opts.ContentEncoding
	put.ContentDisposition, put.ContentLanguage, put.CacheControl = opts.ContentDisposition, opts.ContentLanguage, opts.CacheControl
	w := &writer{ctx: ctx, bucket: b, key: escapeKey(key), opts: put, ifAbsent: opts.IfNotExist}
	if opts.IfNotExist {
		w.opts.SetMatchETagExcept("*")
	}
	if opts.BeforeWrite != nil {
		as := func(to any) bool { return assign(to, &w.upload) || assign(to, &w.opts) }
		if err := opts.BeforeWrite(as); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) Write(p []byte) (n int, err error) {
	defer classify(&err)
	for w.err == nil && len(p) > 0 {
		if w.head.Len() == w.bucket.maxPut {
			w.sendPart()
			continue
		}
		k := min(len(p), w.bucket.maxPut-w.head.Len())
		w.head.Write(p[:k])
		n, p = n+k, p[k:]
	}
	return n, w.err
}

// sendPart stores the bytes in head as the next part.
func (w *writer) sendPart() {
	if w.parts == nil {
		w.parts = &parts{w: w}
	}
	if err := w.parts.put(w.head.Bytes()); err != nil {
		w.fail(err)
	}
	w.head.Reset()
}

// fail ends the upload, and leaves nothing of it in the store.
func (w *writer) fail(err error) {
	w.over, w.err = true, err
	if w.parts != nil {
		w.parts.abort()
	}
}

func (w *writer) Close() (err error) {
	defer classify(&err)
	if w.over {
		return w.err
	}
	w.over = true
	if w.parts == nil {
		w.err = w.put(bytes.NewReader(w.head.Bytes()), int64(w.head.Len()))
		return w.err
	}
	if w.sendPart(); w.err != nil {
		return w.err
	}
	if err := w.parts.complete(); err != nil {
		w.fail(err)
		return err
	}
	w.err = w.bucket.check(w.ctx, w.key)
	return w.err
}

// Upload implements driver.Uploader. A body that can be rewound is sent without a copy of it. An
// error that the store returned is Close's too, because Go CDK gives only that one a code.
func (w *writer) Upload(r io.Reader) (err error) {
	defer classify(&err)
	body, ok := r.(io.ReadSeeker)
	if !ok {
		return w.copy(r)
	}
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return w.copy(r) // a pipe, for example
	}
	size, err := body.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = body.Seek(start, io.SeekStart)
	}
	if err != nil {
		w.fail(err)
		return err
	}
	if start != 0 || size > int64(w.bucket.maxPut) {
		return w.copy(r)
	}
	w.over, w.err = true, w.put(body, size)
	return nil
}

// copy writes all of r. Nothing is stored if r fails.
func (w *writer) copy(r io.Reader) error {
	_, err := io.Copy(w, r)
	if err == nil || w.err != nil {
		return nil
	}
	w.fail(err)
	return err
}

// put stores the object with one PUT.
func (w *writer) put(body io.ReadSeeker, size int64) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.upload.SHA256 == ([sha256.Size]byte{}) {
		sum := sha256.New()
		if _, err := io.Copy(sum, body); err != nil {
			return err
		}
		sum.Sum(w.upload.SHA256[:0])
		if _, err := body.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	opts := w.opts
	opts.DisableContentSha256 = true // of pieces: the digest of the whole is signed
	opts.UserMetadata = with(opts.UserMetadata, checksumHeader, base64.StdEncoding.EncodeToString(w.upload.SHA256[:]))
	stored, err := w.bucket.core.PutObject(w.ctx, w.bucket.name, w.key, body, size, "", hex.EncodeToString(w.upload.SHA256[:]), opts)
	if err != nil {
		return err
	}
	if stored.ETag == "" { // a web page in place of the store, which always returns one
		return errNoStore
	}
	return w.bucket.check(w.ctx, w.key)
}

var errNoStore = errors.New("it was answered without an ETag: what answers is not an object store")

const checksumHeader = "X-Amz-Checksum-Sha256"

// with returns the headers and one more.
func with(headers map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	maps.Copy(all, headers)
	return all
}
