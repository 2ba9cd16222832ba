package doctor_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// The flaws of a store.
const (
	overwrites    = "overwrites"     // ignores conditions
	checksEarly   = "checks early"   // decides about the condition before the bytes arrive
	forgets       = "forgets"        // returns empty objects
	truncates     = "truncates"      // cuts objects at 1 MiB
	longRanges    = "long ranges"    // returns one byte more than requested
	lateRanges    = "late ranges"    // starts one byte late
	onePage       = "one page"       // lists a thousand objects at most
	unordered     = "unordered"      // lists in reverse order
	ignoresSlash  = "ignores slash"  // lists without regard to the delimiter
	keepsCanceled = "keeps canceled" // stores what arrived of a canceled write
	listsLate     = "lists late"     // does not list the first objects
	undeletable   = "undeletable"    // reports a deletion and keeps the object
	reportsAll    = "reports all ok" // reports success for a refused write
	noList        = "no list"        // denies a right
	noCreate      = "no create"
	noRead        = "no read"
	noDelete      = "no delete"

	// Correct stores behave in these ways over a network.
	cutsRefused = "cuts refused" // cuts the connection of a long write that is refused
	losesAnswer = "loses answer" // loses the answer of the winner of a race
)

var (
	errAbsent = errors.New("absent")
	errExists = errors.New("exists")
	errDenied = errors.New("denied")
	errCut    = &net.OpError{Op: "write", Err: errors.New("connection reset by peer")}
)

// A faultyStore has one flaw, or none.
type faultyStore struct {
	flaw string

	mu      sync.Mutex
	objects map[string][]byte
}

func newFaultyStore(flaw string) *faultyStore {
	return &faultyStore{flaw: flaw, objects: map[string][]byte{}}
}

// checkEmpty expects that the store has no objects.
func (f *faultyStore) checkEmpty(t *testing.T) {
	t.Helper()
	f.mu.Lock()
	defer f.mu.Unlock()
	for key := range f.objects {
		t.Errorf("%s remains", key)
	}
}

func (*faultyStore) ErrorCode(err error) gcerrors.ErrorCode {
	switch err {
	case errAbsent:
		return gcerrors.NotFound
	case errExists:
		return gcerrors.FailedPrecondition
	case errDenied:
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

func (*faultyStore) As(any) bool             { return false }
func (*faultyStore) ErrorAs(error, any) bool { return false }
func (*faultyStore) Close() error            { return nil }

func (f *faultyStore) get(key string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, ok := f.objects[key]
	switch {
	case f.flaw == noRead:
		return nil, errDenied
	case !ok:
		return nil, errAbsent
	case f.flaw == forgets:
		return nil, nil
	case f.flaw == truncates:
		return data[:min(len(data), 1<<20)], nil
	}
	return data, nil
}

func (f *faultyStore) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	data, err := f.get(key)
	return &driver.Attributes{Size: int64(len(data))}, err
}

func (f *faultyStore) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	page := &driver.ListPage{}
	if f.flaw == noList {
		return nil, errDenied
	}
	if f.flaw == listsLate && len(f.objects) < 20 {
		return page, nil
	}
	for _, key := range slices.Sorted(maps.Keys(f.objects)) {
		rest, ok := strings.CutPrefix(key, opts.Prefix)
		if !ok {
			continue
		}
		o := &driver.ListObject{Key: key, Size: int64(len(f.objects[key]))}
		if i := strings.IndexByte(rest, '/'); i >= 0 && opts.Delimiter != "" && f.flaw != ignoresSlash {
			o = &driver.ListObject{Key: key[:len(opts.Prefix)+i+1], IsDir: true}
		}
		if n := len(page.Objects); n == 0 || page.Objects[n-1].Key != o.Key {
			page.Objects = append(page.Objects, o)
		}
	}
	if f.flaw == onePage && len(page.Objects) > 1000 {
		page.Objects = page.Objects[:1000]
	}
	if f.flaw == unordered {
		slices.Reverse(page.Objects)
	}
	return page, nil
}

func (f *faultyStore) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	data, err := f.get(key)
	if err != nil {
		return nil, err
	}
	size := int64(len(data))
	if f.flaw == lateRanges && offset > 0 {
		offset++
	}
	part := data[min(offset, size):]
	if f.flaw == longRanges && length > 0 {
		length++
	}
	if length >= 0 {
		part = part[:min(length, int64(len(part)))]
	}
	return &reader{bytes.NewReader(part), size}, nil
}

type reader struct {
	io.Reader
	size int64
}

func (*reader) Close() error                           { return nil }
func (*reader) As(any) bool                            { return false }
func (r *reader) Attributes() *driver.ReaderAttributes { return &driver.ReaderAttributes{Size: r.size} }

type writer struct {
	bytes.Buffer
	ctx     context.Context
	store   *faultyStore
	key     string
	existed bool // when the write started
	opts    *driver.WriterOptions
}

func (f *faultyStore) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flaw == noCreate {
		return nil, errDenied
	}
	_, exists := f.objects[key]
	return &writer{ctx: ctx, store: f, key: key, existed: exists, opts: opts}, nil
}

func (w *writer) Close() error {
	f := w.store
	if f.flaw == checksEarly {
		time.Sleep(time.Millisecond) // so that another writer checks the condition meanwhile
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := w.ctx.Err(); err != nil {
		if f.flaw == keepsCanceled {
			f.objects[w.key] = w.Bytes()
		}
		return err
	}
	_, exists := f.objects[w.key]
	if f.flaw == checksEarly {
		exists = w.existed
	}
	switch {
	case !exists || !w.opts.IfNotExist || f.flaw == overwrites:
		f.objects[w.key] = w.Bytes()
		if f.flaw == losesAnswer && strings.Contains(w.key, "/race/") {
			return errCut
		}
	case f.flaw == cutsRefused && w.Len() > 32<<10:
		return errCut
	case f.flaw != reportsAll:
		return errExists
	}
	return nil
}

func (f *faultyStore) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.objects[key]; !ok {
		return errAbsent
	}
	switch f.flaw {
	case noDelete:
		return errDenied
	case undeletable:
	default:
		delete(f.objects, key)
	}
	return nil
}

func (*faultyStore) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.ErrUnsupported
}

func (*faultyStore) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.ErrUnsupported
}
