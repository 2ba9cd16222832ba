package s3blob

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"
	"gocloud.dev/blob/driver"
)

// buffered is up to how many bytes are kept to be stored with one PUT.
const buffered = 16 << 20

// An Upload is what a BeforeWrite function may change.
type Upload struct {
	minio.PutObjectOptions

	// SHA256 is the digest of the whole content, if it is known: it is not computed
	// then. The store refuses content that has another.
	SHA256 [sha256.Size]byte
}

// A writer writes an object. It appears when the writer is closed.
type writer struct {
	ctx    context.Context
	bucket *bucket
	key    string
	upload Upload

	head bytes.Buffer
	pipe *io.PipeWriter // of what goes up in parts; nil: head is all
	done chan error
	over bool  // Upload has done it
	err  error // of Upload
}

var _ driver.Uploader = (*writer)(nil)

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	w := &writer{ctx: ctx, bucket: b, key: escapeKey(key), upload: Upload{PutObjectOptions: minio.PutObjectOptions{
		UserMetadata: escapeMetadata(opts.Metadata), ContentType: contentType, ContentEncoding: opts.ContentEncoding,
		ContentDisposition: opts.ContentDisposition, ContentLanguage: opts.ContentLanguage, CacheControl: opts.CacheControl,
	}}}
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

func (w *writer) Write(p []byte) (int, error) {
	if w.pipe == nil {
		if w.head.Len()+len(p) <= buffered {
			return w.head.Write(p)
		}
		w.inParts()
	}
	return w.pipe.Write(p)
}

// inParts begins an upload in parts, with what was kept.
func (w *writer) inParts() {
	r, pipe := io.Pipe()
	w.pipe, w.done = pipe, make(chan error, 1) // the upload ends whether anybody waits for it or not
	head := w.head.Bytes()
	go func() {
		opts := w.upload.PutObjectOptions
		opts.PartSize = buffered
		_, err := w.bucket.client.PutObject(w.ctx, w.bucket.name, w.key, io.MultiReader(bytes.NewReader(head), r), -1, opts)
		r.CloseWithError(errors.Join(err, io.ErrClosedPipe))
		w.done <- err
	}()
}

func (w *writer) Close() error {
	if w.over {
		return w.err
	}
	if w.pipe == nil {
		return w.put(bytes.NewReader(w.head.Bytes()), int64(w.head.Len()))
	}
	w.pipe.CloseWithError(w.ctx.Err()) // nil is the end
	return <-w.done
}

// Upload implements driver.Uploader. What can be rewound is stored from where it lies.
// Its error comes from Close: Go CDK gives that one a code, and not what Upload returns.
func (w *writer) Upload(r io.Reader) error {
	body, ok := r.(io.ReadSeeker)
	if !ok {
		_, err := io.Copy(w, r)
		return err
	}
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	w.over, w.err = true, w.put(body, size)
	return nil
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
	opts.UserMetadata["x-amz-checksum-sha256"] = base64.StdEncoding.EncodeToString(w.upload.SHA256[:])
	_, err := w.bucket.core.PutObject(w.ctx, w.bucket.name, w.key, body, size, "", hex.EncodeToString(w.upload.SHA256[:]), opts)
	return err
}
