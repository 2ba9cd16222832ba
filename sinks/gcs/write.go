package gcs

import (
	"context"
	"hash/crc32"
	"io"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// writeOptions are those of each new object.
type writeOptions struct {
	class string
	key   string
	lock  params.Lock
}

func parseWrite(p *params.Params) writeOptions {
	p.Alias("kms_key", "kmskeyid")
	return writeOptions{class: p.String("storage_class"), key: p.String("kms_key"), lock: p.Lock()}
}

// A putter stores objects.
type putter struct {
	below *blob.Bucket
	write writeOptions
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// put stores an object with one request. The service refuses content with another CRC32C than
// that of the request.
func (p *putter) put(ctx context.Context, key string, body io.ReadSeeker, opts *blob.WriterOptions) error {
	sum := crc32.New(castagnoli)
	if _, err := io.Copy(sum, body); err != nil {
		return err
	}
	if _, err := body.Seek(0, io.SeekStart); err != nil {
		return err
	}
	var sent *storage.Writer
	first := opts.BeforeWrite
	opts.BeforeWrite = func(as func(any) bool) error {
		if first != nil {
			if err := first(as); err != nil {
				return err
			}
		}
		var w *storage.Writer
		if as(&w) {
			w.CRC32C, w.SendCRC32C = sum.Sum32(), true
			w.ChunkSize = 0 // one request
			sent = w
			p.write.set(w)
		}
		return nil
	}
	w, err := p.below.NewWriter(ctx, key, opts)
	if err != nil {
		return err
	}
	_, err = w.ReadFrom(body)
	if end := w.Close(); err == nil || end != nil {
		err = end // the service's error; ReadFrom only reports a closed pipe
	}
	if opts.IfNotExist {
		err = asExists(err)
	}
	if err != nil {
		return err
	}
	return p.write.ignored(sent.Attrs())
}

func (o writeOptions) set(w *storage.Writer) {
	w.StorageClass, w.KMSKeyName, w.TemporaryHold = o.class, o.key, o.lock.Hold
	if o.lock.For > 0 {
		w.Retention = &storage.ObjectRetention{Mode: o.mode(), RetainUntil: o.lock.Until()}
	}
}

// mode returns the mode of a retention in Google's spelling.
func (o writeOptions) mode() string {
	if o.lock.Compliance {
		return "Locked"
	}
	return "Unlocked"
}
