package repository

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/sinks/dirblob"
	"github.com/mailhaul/mailhaul/sinks/s3blob"
)

// The bounds of what is read, stored.
const (
	maxPackSize = 64 << 20
	maxMetaSize = 64 << 20 // of a segment or a manifest
	maxRefSize  = 4 << 10
)

// A Repository is one in a bucket. It is safe for concurrent use. What fails for a reason
// that passes is tried again, for five minutes at most once the store has answered.
type Repository struct {
	bucket *blob.Bucket
	retry  retrier
}

// Close closes the bucket.
func (r *Repository) Close() error { return r.bucket.Close() }

// SetLogger sets who is told of calls that are tried again. It must not be called while
// the repository is in use.
func (r *Repository) SetLogger(l *slog.Logger) { r.retry.logger = l }

// Retries returns how many calls were tried again so far.
func (r *Repository) Retries() int64 { return r.retry.retries.Load() }

// PutPack stores a pack whose digest is d, and reports whether it was not there. The
// pack is durable when it returns.
func (r *Repository) PutPack(ctx context.Context, d manifest.Digest, data []byte) (isNew bool, err error) {
	return r.create(ctx, PackKey(d), data, d)
}

// PutSegment stores a segment whose digest is d, and reports whether it was not there.
func (r *Repository) PutSegment(ctx context.Context, d manifest.Digest, data []byte) (isNew bool, err error) {
	return r.create(ctx, SegmentKey(d), data, d)
}

// PutManifest stores a snapshot manifest whose digest is d.
func (r *Repository) PutManifest(ctx context.Context, d manifest.Digest, data []byte) error {
	_, err := r.create(ctx, ManifestKey(d), data, d)
	return err
}

// create stores an object whose digest is d if it is absent. One that is there must
// have the same size: its name tells the rest. It is new also if the answer to a try was
// lost: the store may have taken that one.
func (r *Repository) create(ctx context.Context, key string, data []byte, d manifest.Digest) (isNew bool, err error) {
	there, lost, cut := int64(-1), false, false
	err = r.retry.do(ctx, "write", key, func() error {
		if cut {
			if there, err = r.look(ctx, key); there >= 0 {
				return nil
			}
		}
		err := r.put(ctx, key, data, d)
		if isRefused(err) {
			if there, err = r.look(ctx, key); err == nil && there < 0 {
				err = errUnsettled
			}
			return err
		}
		lost, cut = lost || passes(err), leavesOpen(err)
		return err
	})
	switch {
	case err != nil:
		return false, failed("write", key, err)
	case there >= 0 && there != int64(len(data)) && key != configKey:
		return false, corrupt(key, "it is there with %d bytes, not %d", there, len(data))
	}
	return there < 0 || lost, nil
}

// leavesOpen reports whether the error of a write does not tell if the object is there: the
// store may have taken it, or have cut the connection on what it refused and did not read.
func leavesOpen(err error) bool {
	return passes(err) && gcerrors.Code(err) != gcerrors.ResourceExhausted
}

// look returns the number of bytes of an object, once; -1 if it is absent and with an error.
func (r *Repository) look(ctx context.Context, key string) (int64, error) {
	attrs, err := r.bucket.Attributes(ctx, key)
	switch {
	case IsNotFound(err):
		return -1, nil
	case err != nil:
		return -1, err
	case attrs.Size < 0:
		return -1, errNoSize
	}
	return attrs.Size, nil
}

// size returns the number of bytes of an object.
func (r *Repository) size(ctx context.Context, key string) (n int64, err error) {
	err = r.retry.do(ctx, "look at", key, func() error {
		attrs, err := r.bucket.Attributes(ctx, key)
		if err != nil {
			return err
		}
		if n = attrs.Size; n < 0 {
			return errNoSize
		}
		return nil
	})
	if err != nil {
		err = failed("look at", key, err)
	}
	return n, err
}

// put writes an object that is absent, once. Its digest travels with it where the store
// checks that.
func (r *Repository) put(ctx context.Context, key string, data []byte, d manifest.Digest) error {
	return r.bucket.Upload(ctx, key, bytes.NewReader(data), &blob.WriterOptions{
		IfNotExist: true, ContentType: "application/octet-stream",
		BeforeWrite: func(as func(any) bool) error {
			var upload *s3blob.Upload
			if as(&upload) {
				upload.SHA256 = d
			}
			return nil
		},
	})
}

// CreateRef commits a run: it stores its ref if there is none, which is
// ErrRefExists. A ref that turns out to be this very one is no error: the store may have
// taken it and the answer have been lost.
func (r *Repository) CreateRef(ctx context.Context, mailbox string, sequence uint64, data []byte) error {
	key := RefKey(mailbox, sequence)
	there, err := r.putRef(ctx, key, data)
	if err != nil {
		// A caller who is about to go wants to know too, but waits no longer for a store that is down.
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
		defer cancel()
		var readErr error
		there, readErr = r.readAttempted(last, key, isRefused(err))
		switch {
		case readErr == nil:
		case isRefused(err) && !isOf[*CorruptError](readErr):
			return &storeError{"write", key, readErr} // whose it is cannot be told
		case !isRefused(err):
			return failed("write", key, err)
		}
	}
	if err == nil && there == nil || bytes.Equal(there, data) {
		return nil
	}
	return fmt.Errorf("%s: %w", key, ErrRefExists)
}

// putRef stores a ref that is absent. It returns the bytes of the one that it finds in place
// of an answer that was lost; nil if there is none.
func (r *Repository) putRef(ctx context.Context, key string, data []byte) (there []byte, err error) {
	cut := false
	err = r.retry.do(ctx, "write", key, func() error {
		if cut {
			if there, err = r.readOnce(ctx, key, maxRefSize); err == nil {
				return nil
			}
		}
		err := r.put(ctx, key, data, manifest.SumOf(data))
		cut = leavesOpen(err)
		return err
	})
	return there, err
}

// readAttempted returns the bytes of a ref that could not be created, of whoever they are.
// One that was refused for being there must be, if not at once.
func (r *Repository) readAttempted(ctx context.Context, key string, refused bool) (data []byte, err error) {
	err = r.retry.do(ctx, "read", key, func() error {
		data, err = r.readOnce(ctx, key, maxRefSize)
		if refused && IsNotFound(err) {
			return errUnsettled
		}
		return err
	})
	return data, err
}

// ReadRef returns the stored bytes of a ref.
func (r *Repository) ReadRef(ctx context.Context, mailbox string, sequence uint64) ([]byte, error) {
	return r.read(ctx, RefKey(mailbox, sequence), maxRefSize)
}

// ReadManifest returns the stored bytes of a snapshot manifest, which have the digest.
func (r *Repository) ReadManifest(ctx context.Context, d manifest.Digest) ([]byte, error) {
	return r.readChecked(ctx, ManifestKey(d), d, maxMetaSize)
}

// ReadSegment returns the stored bytes of a segment, which have the digest and the
// size.
func (r *Repository) ReadSegment(ctx context.Context, d manifest.Digest, size int64) ([]byte, error) {
	data, err := r.readChecked(ctx, SegmentKey(d), d, maxMetaSize)
	if err == nil && int64(len(data)) != size {
		return nil, corrupt(SegmentKey(d), "%d bytes, but the manifest tells %d", len(data), size)
	}
	return data, err
}

// ReadPack returns the stored bytes of a pack, which have the digest.
func (r *Repository) ReadPack(ctx context.Context, d manifest.Digest) ([]byte, error) {
	return r.readChecked(ctx, PackKey(d), d, maxPackSize)
}

// readChecked returns an object whose bytes have the digest. One that has not is read again
// before it is called damaged: it may have been changed on its way.
func (r *Repository) readChecked(ctx context.Context, key string, d manifest.Digest, limit int64) ([]byte, error) {
	data, err := r.readSum(ctx, key, d, limit)
	if isOf[*CorruptError](err) && !isOf[*dirblob.IrregularError](err) {
		r.retry.again("read", key, err)
		data, err = r.readSum(ctx, key, d, limit)
	}
	return data, err
}

func (r *Repository) readSum(ctx context.Context, key string, d manifest.Digest, limit int64) ([]byte, error) {
	data, err := r.read(ctx, key, limit)
	if err != nil {
		return nil, err
	}
	if got := manifest.SumOf(data); got != d {
		return nil, corrupt(key, "its bytes have the digest %s", got)
	}
	return data, nil
}

// read returns a whole object of at most limit bytes.
func (r *Repository) read(ctx context.Context, key string, limit int64) (data []byte, err error) {
	err = r.retry.do(ctx, "read", key, func() error {
		data, err = r.readOnce(ctx, key, limit)
		return err
	})
	return data, err
}

func (r *Repository) readOnce(ctx context.Context, key string, limit int64) ([]byte, error) {
	body, err := r.bucket.NewReader(ctx, key, nil)
	if err != nil {
		return nil, failed("read", key, err)
	}
	defer body.Close()
	if body.Size() > limit {
		return nil, corrupt(key, "%d bytes, more than %d", body.Size(), limit)
	}
	data, err := readBody(body, limit)
	switch {
	case err != nil:
		return nil, failed("read", key, err)
	case int64(len(data)) > limit:
		return nil, corrupt(key, "more than %d bytes", limit)
	}
	return data, nil
}

// readBody reads an object to its end, or to more than limit bytes of one whose size the store does
// not tell.
func readBody(body *blob.Reader, limit int64) ([]byte, error) {
	if body.Size() < 0 {
		return io.ReadAll(io.LimitReader(body, limit+1))
	}
	data := make([]byte, body.Size())
	_, err := io.ReadFull(body, data)
	return data, err
}

// A PackAt reads parts of a pack.
type PackAt struct {
	ctx  context.Context
	repo *Repository
	key  string
	size int64
}

// PackAt opens a pack for reading parts of it, all of which end with ctx.
func (r *Repository) PackAt(ctx context.Context, d manifest.Digest) (*PackAt, error) {
	key := PackKey(d)
	size, err := r.size(ctx, key)
	if err != nil {
		return nil, err
	}
	return &PackAt{ctx, r, key, size}, nil
}

// Size returns the number of stored bytes.
func (p *PackAt) Size() int64 { return p.size }

// ReadAt implements io.ReaderAt.
func (p *PackAt) ReadAt(dst []byte, offset int64) (n int, err error) {
	want := min(int64(len(dst)), p.size-offset)
	if want > 0 {
		err = p.repo.retry.do(p.ctx, "read", p.key, func() error {
			n, err = p.read(dst[:want], offset)
			return err
		})
	}
	if err == nil && n < len(dst) {
		err = io.EOF
	}
	return n, err
}

// read fills dst, which ends where the pack does or before.
func (p *PackAt) read(dst []byte, offset int64) (int, error) {
	body, err := p.repo.bucket.NewRangeReader(p.ctx, p.key, offset, int64(len(dst)), nil)
	if err != nil {
		return 0, failed("read", p.key, err)
	}
	defer body.Close()
	n, err := io.ReadFull(body, dst)
	if err != nil {
		err = failed("read", p.key, err)
	}
	return n, err
}

// Mailboxes returns the ids of the mailboxes that have a snapshot, sorted.
func (r *Repository) Mailboxes(ctx context.Context) ([]string, error) {
	var ids []string
	for o, err := range r.list(ctx, &blob.ListOptions{Prefix: refDir, Delimiter: "/"}) {
		if err != nil {
			return nil, err
		}
		if !o.IsDir && irregular(o) == nil {
			continue
		}
		if id, ok := unescape(strings.TrimSuffix(o.Key[len(refDir):], "/")); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Refs returns the numbers of the mailbox's runs, in order. They count from 1; one
// that is missing is an error.
func (r *Repository) Refs(ctx context.Context, mailbox string) ([]uint64, error) {
	var refs []uint64
	for o, err := range r.list(ctx, &blob.ListOptions{Prefix: mailboxDir(mailbox)}) {
		if err != nil {
			return nil, err
		}
		if _, sequence, ok := parseRef(o.Key); ok {
			refs = append(refs, sequence)
		}
	}
	slices.Sort(refs)
	for i, sequence := range refs {
		if want := uint64(i + 1); sequence != want {
			return nil, corrupt(RefKey(mailbox, want), "it is missing, and run %d is there", sequence)
		}
	}
	return refs, nil
}

// Objects lists all objects. The sequence ends after its first error.
func (r *Repository) Objects(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o, err := range r.list(ctx, nil) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			object := classify(o.Key, o.Size)
			if err := irregular(o); err != nil {
				object = Object{Key: o.Key, Kind: KindIrregular, Err: err}
			}
			if !yield(object, nil) {
				return
			}
		}
	}
}

// irregular returns why an entry of a list is no object, if it is none.
func irregular(o *blob.ListObject) error {
	var err *dirblob.IrregularError
	if o.As(&err) {
		return err
	}
	return nil
}

// The bounds of a list. Stores show a thousand objects with one answer, of some hundred bytes
// each, and in the order of their keys. Some sort "/" before all else: of them, a few keys in a
// row may come after greater ones.
const (
	maxPageRequests = 1000
	maxPageBytes    = 8 << 20 // of an answer
	maxStale        = 10_000  // keys in a row that are not greater than all before
)

func (r *Repository) list(ctx context.Context, opts *blob.ListOptions) iter.Seq2[*blob.ListObject, error] {
	return func(yield func(*blob.ListObject, error) bool) {
		last, stale := "", 0
		for it := r.bucket.List(opts); ; {
			o, err := r.next(ctx, it)
			switch {
			case err == io.EOF:
				return
			case err != nil:
			case o.Key > last:
				last, stale = o.Key, 0
			default:
				stale++
			}
			if stale > maxStale {
				o, err = nil, &storeError{"list", "", errNoEnd}
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}

// next returns the next object of a listing, and io.EOF after the last one. A page that
// failed is asked for again.
func (r *Repository) next(ctx context.Context, it *blob.ListIterator) (o *blob.ListObject, err error) {
	end := false
	err = r.retry.do(ctx, "list", "", func() error {
		o, err = it.Next(transport.Bound(ctx, maxPageRequests, maxPageBytes))
		if end = err == io.EOF; end {
			return nil
		}
		return err
	})
	switch {
	case end:
		return nil, io.EOF
	case err != nil:
		return nil, failed("list", "", err)
	}
	return o, nil
}
