package sinktest_test

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
	"time"

	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"
)

// Flaws that a store can have.
const (
	overwrites   = "overwrites"     // conditions are ignored
	races        = "races"          // whether an object is there is found out before its bytes come
	forgets      = "forgets"        // an object is empty
	truncates    = "truncates"      // what is long is cut
	shifts       = "shifts"         // ranges are one byte too long
	oneBehind    = "one behind"     // ranges begin one byte late
	onePage      = "one page"       // listings end after a thousand
	disorder     = "disorder"       // listings are in no order
	ignoresSlash = "ignores slash"  // listings know no delimiter
	keepsPartial = "keeps partial"  // a canceled write leaves what came
	showsLate    = "shows late"     // listings do not show what is new
	undead       = "undead"         // what is deleted can be read
	noList       = "no list"        // rights
	noCreate     = "no create"      //
	noRead       = "no read"        //
	noDelete     = "no delete"      //
	reportsAll   = "reports all ok" // a refused write says that it was done

	// These two are none: networks are so.
	cutsRefused = "cuts refused" // a long write that is refused is cut, not answered
	losesAnswer = "loses answer" // to the one that wins a race
)

var (
	errAbsent = errors.New("absent")
	errThere  = errors.New("there")
	errDenied = errors.New("denied")
	errCut    = &net.OpError{Op: "write", Err: errors.New("connection reset by peer")}
)

// A faulty store has one flaw, or none.
type faulty struct {
	flaw string

	mu      sync.Mutex
	objects map[string][]byte
}

func newFaulty(flaw string) *faulty { return &faulty{flaw: flaw, objects: map[string][]byte{}} }

func (*faulty) ErrorCode(err error) gcerrors.ErrorCode {
	switch err {
	case errAbsent:
		return gcerrors.NotFound
	case errThere:
		return gcerrors.FailedPrecondition
	case errDenied:
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

func (*faulty) As(any) bool             { return false }
func (*faulty) ErrorAs(error, any) bool { return false }
func (*faulty) Close() error            { return nil }

func (f *faulty) get(key string) ([]byte, error) {
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

func (f *faulty) Attributes(_ context.Context, key string) (*driver.Attributes, error) {
	data, err := f.get(key)
	return &driver.Attributes{Size: int64(len(data))}, err
}

func (f *faulty) ListPaged(_ context.Context, opts *driver.ListOptions) (*driver.ListPage, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	page := &driver.ListPage{}
	if f.flaw == noList {
		return nil, errDenied
	}
	if f.flaw == showsLate && len(f.objects) < 20 {
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
	if f.flaw == disorder {
		slices.Reverse(page.Objects)
	}
	return page, nil
}

func (f *faulty) NewRangeReader(_ context.Context, key string, offset, length int64, _ *driver.ReaderOptions) (driver.Reader, error) {
	data, err := f.get(key)
	if err != nil {
		return nil, err
	}
	size := int64(len(data))
	if f.flaw == oneBehind && offset > 0 {
		offset++
	}
	part := data[min(offset, size):]
	if f.flaw == shifts && length > 0 {
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
	ctx   context.Context
	store *faulty
	key   string
	there bool // when the write began
	opts  *driver.WriterOptions
}

func (f *faulty) NewTypedWriter(ctx context.Context, key, _ string, opts *driver.WriterOptions) (driver.Writer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.flaw == noCreate {
		return nil, errDenied
	}
	_, there := f.objects[key]
	return &writer{ctx: ctx, store: f, key: key, there: there, opts: opts}, nil
}

func (w *writer) Close() error {
	f := w.store
	if f.flaw == races {
		time.Sleep(time.Millisecond) // in which another one may look
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := w.ctx.Err(); err != nil {
		if f.flaw == keepsPartial {
			f.objects[w.key] = w.Bytes()
		}
		return err
	}
	_, there := f.objects[w.key]
	if f.flaw == races {
		there = w.there
	}
	switch {
	case !there || !w.opts.IfNotExist || f.flaw == overwrites:
		f.objects[w.key] = w.Bytes()
		if f.flaw == losesAnswer && strings.HasPrefix(w.key, "race/") {
			return errCut
		}
	case f.flaw == cutsRefused && w.Len() > 32<<10:
		return errCut
	case f.flaw != reportsAll:
		return errThere
	}
	return nil
}

func (f *faulty) Delete(_ context.Context, key string, _ *driver.DeleteOptions) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.objects[key]; !ok {
		return errAbsent
	}
	switch f.flaw {
	case noDelete:
		return errDenied
	case undead:
	default:
		delete(f.objects, key)
	}
	return nil
}

func (*faulty) Copy(context.Context, string, string, *driver.CopyOptions) error {
	return errors.ErrUnsupported
}

func (*faulty) SignedURL(context.Context, string, *driver.SignedURLOptions) (string, error) {
	return "", errors.ErrUnsupported
}
