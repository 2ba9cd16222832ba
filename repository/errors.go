package repository

import (
	"errors"
	"fmt"
	"syscall"

	"github.com/mailhaul/mailhaul/repository/store"
)

var (
	// ErrNoRepository means that the bucket holds no repository.
	ErrNoRepository = errors.New("there is no repository")

	// ErrNotEmpty means that a new repository cannot be created, because the bucket holds
	// something else.
	ErrNotEmpty = errors.New("the bucket or prefix is neither empty nor a repository")

	// ErrOverwrites means that the store ignores the condition that an object must not exist.
	// Concurrent exports of a mailbox could overwrite each other's refs in such a store.
	ErrOverwrites = errors.New("the store overwrites objects in spite of If-None-Match")

	// ErrNoStore means that a web page answers in place of a store.
	ErrNoStore = errors.New("a web page is in the place of an object: what answers is not an object store")

	// ErrNoBucket means that the bucket does not exist.
	ErrNoBucket = errors.New("there is no such bucket")

	// ErrNewerFormat means that a later version of the program wrote the repository.
	ErrNewerFormat = errors.New("the repository has a newer format than this program reads")

	// ErrRefExists means that another run created the ref first.
	ErrRefExists = errors.New("the snapshot exists")
)

// errUnsettled is retryable: a store may refuse to write an object that it does not show yet.
var errUnsettled = &store.Error{
	Kind:   store.Busy,
	Reason: "the store says both that the object exists and that it does not",
}

// A CorruptError is the error of an object that is not as it was written.
type CorruptError struct {
	Key string
	Err error
}

func (e *CorruptError) Error() string { return e.Key + ": " + e.Err.Error() }
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(key, format string, args ...any) error {
	return &CorruptError{key, fmt.Errorf(format, args...)}
}

// failed adds an operation and a key to the error of a call to the bucket, or makes it a
// CorruptError if the object is damaged.
func failed(op, key string, err error) error {
	if err == nil || isOf[*CorruptError](err) {
		return err
	}
	e := store.Describe(err)
	switch {
	case e.Kind == store.Irregular:
		return &CorruptError{e.Key, e}
	case op == "read" && errors.Is(err, syscall.EIO):
		return corrupt(key, "the disk cannot read it: %w", e)
	}
	return store.Wrap(op, key, e)
}

// IsNotFound reports whether err means that an object or the bucket does not exist.
func IsNotFound(err error) bool { return store.Is(err, store.NotFound, store.NoBucket) }

// IsTransient reports whether err is the store's and not due to an object: the same call may
// succeed later, or with other rights.
func IsTransient(err error) bool {
	return isOf[*store.Error](err) && !isOf[*CorruptError](err) && !IsNotFound(err)
}

func isOf[T error](err error) bool {
	var e T
	return errors.As(err, &e)
}
