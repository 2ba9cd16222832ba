package store_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

// A failing is a driver whose reads fail.
type failing struct {
	driver.Bucket
	err  error
	code gcerrors.ErrorCode
}

func (f failing) ErrorCode(error) gcerrors.ErrorCode { return f.code }
func (failing) Close() error                         { return nil }

func (f failing) Attributes(context.Context, string) (*driver.Attributes, error) { return nil, f.err }

// fail returns an error as a bucket returns that of its driver.
func fail(t *testing.T, err error, code gcerrors.ErrorCode) error {
	t.Helper()
	b := blob.NewBucket(failing{err: err, code: code})
	defer b.Close()
	_, err = b.Attributes(t.Context(), "some/key")
	return err
}

// TestCodes: the error of a driver that does not keep the contract gets its kind from its Go CDK
// code, and its reason does not repeat the key.
func TestCodes(t *testing.T) {
	for code, want := range map[gcerrors.ErrorCode]store.Kind{
		gcerrors.NotFound:           store.NotFound,
		gcerrors.FailedPrecondition: store.Exists,
		gcerrors.AlreadyExists:      store.Exists,
		gcerrors.PermissionDenied:   store.NoAccess,
		gcerrors.ResourceExhausted:  store.Busy,
		gcerrors.Unimplemented:      store.Unsupported,
		gcerrors.InvalidArgument:    store.Other,
		gcerrors.Internal:           store.Unavailable,
		gcerrors.DeadlineExceeded:   store.Unavailable,
		gcerrors.Unknown:            store.Unavailable,
	} {
		err := fail(t, errors.New("the\n  reason"), code)
		if e := store.Describe(err); e.Kind != want || e.Reason != "the reason" || gcerrors.Code(e) != code {
			t.Errorf("%v: %+v", code, e)
		}
	}
}

// TestCauses: an error without a code gets its kind from its cause.
func TestCauses(t *testing.T) {
	sent := func(err error) error { return &url.Error{Op: "Get", URL: "http://store/", Err: err} }
	for name, c := range map[string]struct {
		err    error
		kind   store.Kind
		remedy string
	}{
		"unknown":             {errors.New("odd"), store.Unavailable, ""},
		"connection refused":  {sent(&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}), store.Unavailable, "nobody listens there"},
		"connection reset":    {sent(&net.OpError{Op: "read", Err: syscall.ECONNRESET}), store.Unavailable, "the store does not answer"},
		"no such host":        {sent(&net.OpError{Op: "dial", Err: &net.DNSError{}}), store.Unavailable, "there is no such host"},
		"cut":                 {sent(io.EOF), store.Unavailable, ""},
		"untrusted":           {sent(&tls.CertificateVerificationError{Err: errors.New("x")}), store.Other, "trust its certificate"},
		"plain HTTP":          {sent(http.ErrSchemeMismatch), store.Other, "plain HTTP"},
		"the end of a list":   {io.EOF, store.Other, ""},
		"a file's error":      {&fs.PathError{Op: "open", Path: "x", Err: syscall.EIO}, store.Other, ""},
		"cancelled":           {sent(context.Canceled), store.Other, ""},
		"timed out":           {sent(context.DeadlineExceeded), store.Unavailable, ""},
		"unsupported":         {fmt.Errorf("x: %w", errors.ErrUnsupported), store.Unsupported, "use another store"},
		"a driver's, wrapped": {sent(&store.Error{Kind: store.NoBucket, Reason: "none", Remedy: "create it"}), store.NoBucket, "create it"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, err := range []error{c.err, fail(t, c.err, gcerrors.Unknown)} {
				e := store.Describe(err)
				if e.Kind != c.kind || !strings.Contains(store.Remedy(err), c.remedy) || (store.Remedy(err) == "") != (c.remedy == "") {
					t.Errorf("%+v, remedy is %q", e, store.Remedy(err))
				}
				if !errors.Is(e, c.err) || strings.Contains(e.Reason, "some/key") {
					t.Errorf("reason is %q", e.Reason)
				}
			}
		})
	}
}

// TestKept: a driver's own description is kept on its way through Go CDK.
func TestKept(t *testing.T) {
	for kind := store.Other; kind <= store.Irregular; kind++ {
		said := &store.Error{Kind: kind, Key: "k", Reason: "the reason", Remedy: "do it", Err: syscall.EIO}
		err := store.Wrap("look at", "some/key", fail(t, said, said.Code()))
		if err.Error() != "look at some/key: the reason" || !store.Is(err, kind) || store.Remedy(err) != "do it" || !errors.Is(err, syscall.EIO) {
			t.Errorf("kind %d: %v, remedy is %q", kind, err, store.Remedy(err))
		}
	}
}

// TestNone: no error has no description.
func TestNone(t *testing.T) {
	if store.Describe(nil) != nil || store.Wrap("read", "k", nil) != nil || store.Is(nil, store.Other) || store.Remedy(nil) != "" {
		t.Error("nil is an error")
	}
}

// TestOneLine: a reason is one line of bounded length and valid UTF-8.
func TestOneLine(t *testing.T) {
	if got := store.OneLine(" a\n b\tc "); got != "a b c" {
		t.Errorf("%q", got)
	}
	if got := store.OneLine(strings.Repeat("ü", 1000)); len(got) > 510 || !strings.HasSuffix(got, "ü…") {
		t.Errorf("%q", got)
	}
}
