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
)

// maxPut is up to how many bytes are stored with one PUT. Longer objects go up in parts
// of this size.
const maxPut = 64 << 20

// An Upload is what a BeforeWrite function may change.
type Upload struct {
	minio.PutObjectOptions

	// SHA256 is the digest of the whole content, if it is known: it is not computed
	// then. The store refuses content that has another, if one PUT stores it.
	SHA256 [sha256.Size]byte
}

// A writer writes an object. It appears when the writer is closed.
type writer struct {
	ctx    context.Context
	bucket *bucket
	key    string
	upload Upload

	ifAbsent bool
	head     bytes.Buffer // what was written and has not gone up
	parts    *parts       // what has; nil: nothing
	over     bool         // it is stored or will not be
	err      error        // why it will not be
}

var _ driver.Uploader = (*writer)(nil)

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	put := b.opts.put()
	put.UserMetadata, put.ContentType, put.ContentEncoding = escapeMetadata(opts.Metadata), contentType, opts.ContentEncoding
	put.ContentDisposition, put.ContentLanguage, put.CacheControl = opts.ContentDisposition, opts.ContentLanguage, opts.CacheControl
	w := &writer{ctx: ctx, bucket: b, key: escapeKey(key), upload: Upload{PutObjectOptions: put}, ifAbsent: opts.IfNotExist}
	if opts.IfNotExist {
		w.upload.SetMatchETagExcept("*")
	}
	if opts.BeforeWrite != nil {
		u := &w.upload
		if err := opts.BeforeWrite(func(to any) bool { return assign(to, u) }); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) Write(p []byte) (n int, err error) {
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

// sendPart stores what was kept as a part.
func (w *writer) sendPart() {
	if w.parts == nil {
		w.parts = &parts{w: w}
	}
	if err := w.parts.put(w.head.Bytes()); err != nil {
		w.fail(err)
	}
	w.head.Reset()
}

// fail ends the upload: nothing is left of it.
func (w *writer) fail(err error) {
	w.over, w.err = true, err
	if w.parts != nil {
		w.parts.abort()
	}
}

func (w *writer) Close() error {
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

// Upload implements driver.Uploader. What can be rewound is stored from where it lies.
// Its error comes from Close: Go CDK gives that one a code, and not what Upload returns.
func (w *writer) Upload(r io.Reader) error {
	body, ok := r.(io.ReadSeeker)
	if !ok {
		return w.copy(r)
	}
	start, err := body.Seek(0, io.SeekCurrent)
	if err != nil {
		return w.copy(r) // such as a pipe
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

// copy writes what it reads. What cannot be read to its end is not stored.
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
	opts := w.upload.PutObjectOptions
	opts.DisableContentSha256 = true // of pieces: that of the whole is signed
	opts.UserMetadata = with(opts.UserMetadata, checksumHeader, base64.StdEncoding.EncodeToString(w.upload.SHA256[:]))
	stored, err := w.bucket.core.PutObject(w.ctx, w.bucket.name, w.key, body, size, "", hex.EncodeToString(w.upload.SHA256[:]), opts)
	if err != nil {
		return err
	}
	if stored.ETag == "" { // which every store gives, and no web page that is in its place for a while
		return errNoStore
	}
	return w.bucket.check(w.ctx, w.key)
}

var errNoStore = errors.New("it was answered without an ETag: what answers is not an object store")

const checksumHeader = "X-Amz-Checksum-Sha256"

// with returns headers and another one.
func with(headers map[string]string, name, value string) map[string]string {
	all := map[string]string{name: value}
	maps.Copy(all, headers)
	return all
}
