package layer

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"

	"github.com/mailhaul/mailhaul/repository/store"
)

// maxBuffered is the maximum number of bytes of an object that is written piece by piece. An
// io.ReadSeeker is neither copied nor bounded.
const maxBuffered = 64 << 20

// A writer puts an object when it is closed.
type writer struct {
	ctx    context.Context // of the whole write: driver.Writer's methods take none
	bucket *bucket
	key    string
	opts   *blob.WriterOptions
	head   bytes.Buffer
	over   bool  // Upload has put the object
	err    error // of Upload
}

var _ driver.Uploader = (*writer)(nil)

func (b *bucket) NewTypedWriter(ctx context.Context, key, contentType string, opts *driver.WriterOptions) (driver.Writer, error) {
	return &writer{ctx: ctx, bucket: b, key: key, opts: &blob.WriterOptions{
		CacheControl: opts.CacheControl, ContentDisposition: opts.ContentDisposition, ContentEncoding: opts.ContentEncoding,
		ContentLanguage: opts.ContentLanguage, ContentType: contentType, ContentMD5: opts.ContentMD5, Metadata: opts.Metadata,
		DisableContentTypeDetection: opts.DisableContentTypeDetection, BeforeWrite: opts.BeforeWrite, IfNotExist: opts.IfNotExist,
	}}, nil
}

func (w *writer) Write(p []byte) (int, error) {
	if w.head.Len()+len(p) > maxBuffered {
		reason := fmt.Sprintf("an object that is written piece by piece has at most %d bytes", maxBuffered)
		return 0, &store.Error{Kind: store.Unsupported, Reason: reason}
	}
	return w.head.Write(p)
}

func (w *writer) Close() error {
	if w.over {
		return w.err
	}
	return w.put(bytes.NewReader(w.head.Bytes()))
}

// Upload implements driver.Uploader. Its error is Close's, because Go CDK gives only that one a
// code.
func (w *writer) Upload(r io.Reader) error {
	body, ok := r.(io.ReadSeeker)
	if !ok {
		_, err := io.Copy(w, r)
		return err
	}
	w.over, w.err = true, w.put(body)
	return nil
}

func (w *writer) put(body io.ReadSeeker) (err error) {
	defer w.bucket.classify(&err)
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return w.bucket.opts.Put(w.ctx, w.key, body, w.opts)
}
