package repository

import (
	"errors"
	"fmt"
	"syscall"

	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/sinks/azure"
	"github.com/mailhaul/mailhaul/sinks/dirblob"
	"github.com/mailhaul/mailhaul/sinks/gcs"
)

var (
	// ErrNoRepository is in the error of a place that holds none.
	ErrNoRepository = errors.New("there is no repository")

	// ErrNotEmpty is in the error of a place for a repository that holds something else.
	ErrNotEmpty = errors.New("the place is neither empty nor a repository")

	// ErrOverwrites is in the error of a store that creates an object "if absent" over
	// one that is there: two exports of a mailbox could not be told apart in it.
	ErrOverwrites = errors.New("the store overwrites objects in spite of If-None-Match")

	// ErrNoStore is in the error of a place where a web page is in place of a repository's
	// object: what answers is not the store.
	ErrNoStore = errors.New("a web page is there, and no object: what answers is not an object store")

	// ErrNoBucket is in the error of a bucket that is not there.
	ErrNoBucket = errors.New("there is no such bucket")

	// ErrNewerFormat is in the error of a repository that a later version wrote.
	ErrNewerFormat = errors.New("the repository has a newer format than this program reads")

	// ErrRefExists is in the error of a ref that another run created first.
	ErrRefExists = errors.New("the snapshot exists")

	// errNoSize is that of an object of unknown size: what is between the store and here has dropped it.
	errNoSize = errors.New("its size is not told: a proxy that changes answers may be in the way")

	// errNoEnd is that of a list which shows nothing but what it has shown.
	errNoEnd = errors.New("the list has no end: it shows again and again what it has shown")

	// errUnsettled passes: a store may refuse what is there already before it shows it.
	errUnsettled = errors.New("the store says that the object exists, and that it does not")
)

// A CorruptError is an object that is not what it should be.
type CorruptError struct {
	Key string
	Err error
}

func (e *CorruptError) Error() string { return e.Key + ": " + e.Err.Error() }
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(key, format string, args ...any) error {
	return &CorruptError{key, fmt.Errorf(format, args...)}
}

// failed is the error of an operation on an object: what the store says, or damage that no other
// try mends. That is an object that a disk has lost, or what is neither a file nor a directory.
func failed(op, key string, err error) error {
	var irregular *dirblob.IrregularError
	switch {
	case errors.As(err, &irregular):
		return &CorruptError{irregular.Key, irregular}
	case op == "read" && errors.Is(err, syscall.EIO):
		return corrupt(key, "the disk cannot read it: %v", err)
	}
	return &storeError{op, key, err}
}

// Wrap returns what a bucket of Open said to an operation on a key, which may be empty,
// in one line; nil if err is.
func Wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	return &storeError{op, key, err}
}

// A storeError is what a bucket refused or could not do.
type storeError struct {
	op, key string
	err     error
}

func (e *storeError) Error() string {
	text := e.op
	if e.key != "" {
		text += " " + e.key
	}
	return text + ": " + reason(e.err)
}

// reason is what a driver says, in one line, without what Go CDK puts before it: the key
// is told.
func reason(err error) string {
	coded, ok := err.(interface{ Unwrap() []error })
	if ok && len(coded.Unwrap()) > 0 {
		err = coded.Unwrap()[0]
	}
	for _, reason := range []func(error) string{azure.Reason, gcs.Reason} {
		if text := reason(err); text != "" {
			return text
		}
	}
	return oneLine(err.Error())
}

func (e *storeError) Unwrap() error { return e.err }

// IsNotFound reports whether err is that an object or a bucket is not there.
func IsNotFound(err error) bool { return gcerrors.Code(err) == gcerrors.NotFound }

// isRefused reports whether err is that an object is there which must not be.
func isRefused(err error) bool { return gcerrors.Code(err) == gcerrors.FailedPrecondition }

// IsTransient reports whether err is of the store and not of what lies in it: the same
// call may succeed later, or with other rights.
func IsTransient(err error) bool {
	var e *storeError
	return errors.As(err, &e) && !IsNotFound(err)
}
