package store

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"gocloud.dev/gcerrors"
)

// A Kind says what an error means to the caller.
type Kind int

// The kinds of errors. The zero value is Other: a repeated call fails again.
const (
	Other       Kind = iota // any permanent error
	NotFound                // there is no such object
	NoBucket                // there is no such bucket
	Exists                  // the object exists, and the call required its absence
	Denied                  // the store knows the caller and refuses this call; others may succeed
	NoAccess                // the store refuses the caller, who may be unknown or have no credentials
	Busy                    // the store refused the call for now and did nothing: retryable
	Unavailable             // retryable; a write may have happened
	Unsupported             // the store or the driver does not have what the call needs
	Irregular               // what lies at Key is not an object, such as a symbolic link
)

// An Error is the error of a call to a bucket.
type Error struct {
	Kind   Kind
	Key    string // of Irregular: the object's key, or that of a directory above it
	Reason string // one line, without the object's key
	Remedy string // what the user can do, in one line; empty if that is not known
	Err    error  // the cause; may be nil
}

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

func (e *Error) Unwrap() error { return e.Err }

// Code returns the Go CDK code of the error's kind, for a driver's ErrorCode.
func (e *Error) Code() gcerrors.ErrorCode {
	switch e.Kind {
	case NotFound, NoBucket:
		return gcerrors.NotFound
	case Exists:
		return gcerrors.FailedPrecondition
	case Denied, NoAccess:
		return gcerrors.PermissionDenied
	case Busy:
		return gcerrors.ResourceExhausted
	case Unavailable:
		return gcerrors.Internal
	case Unsupported:
		return gcerrors.Unimplemented
	}
	return gcerrors.InvalidArgument
}

// Describe returns what the error of a call to a bucket means: what its driver says, or else what
// its Go CDK code and its cause say. The result wraps err. It is nil if err is nil.
func Describe(err error) *Error {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok {
		return e
	}
	var e *Error
	if errors.As(err, &e) {
		described := *e
		described.Err = err
		return &described
	}
	e = ofCode(err)
	e.Reason, e.Err = OneLine(cause(err).Error()), err
	return e
}

// ofCode classifies an error that no driver of this contract did. Errors without a code are
// mostly the network's: these are retryable.
func ofCode(err error) *Error {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound:
		return &Error{Kind: NotFound}
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return &Error{Kind: Exists}
	case gcerrors.PermissionDenied:
		return &Error{Kind: NoAccess} // the code does not say whether the store knows the caller
	case gcerrors.ResourceExhausted:
		return &Error{Kind: Busy}
	case gcerrors.Unimplemented:
		return &Error{Kind: Unsupported}
	case gcerrors.Canceled, gcerrors.InvalidArgument:
		return &Error{Kind: Other}
	case gcerrors.Internal, gcerrors.DeadlineExceeded:
		return &Error{Kind: Unavailable, Remedy: ofNetwork(err).Remedy}
	}
	if errors.Is(err, errors.ErrUnsupported) {
		return &Error{Kind: Unsupported}
	}
	return ofNetwork(err)
}

// cause returns an error without what Go CDK puts before it, which repeats the key.
func cause(err error) error {
	if coded, ok := err.(interface{ Unwrap() []error }); ok {
		causes := coded.Unwrap()
		if len(causes) == 2 && causes[0] != nil && causes[1].Error() == gcerrors.Code(err).String() {
			return causes[0]
		}
	}
	return err
}

// OneLine makes one line of a text, of about 500 bytes at most.
func OneLine(text string) string {
	const most = 500
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}

// Is reports whether err is the error of a call to a bucket, and of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	return err != nil && slices.Contains(kinds, Describe(err).Kind)
}

// Wrap adds an operation and a key, which may be empty, to the error of a call to a bucket. The
// result has an [*Error] in its chain; it is nil if err is nil.
func Wrap(op, key string, err error) error {
	if err == nil {
		return nil
	}
	if key != "" {
		op += " " + key
	}
	return fmt.Errorf("%s: %w", op, Describe(err))
}

// remedies are for kinds whose errors have none.
var remedies = map[Kind]string{
	Denied:      "check the store's credentials and that they may read, write and list below --repo",
	NoAccess:    "check the store's credentials and that they may read, write and list below --repo",
	Unsupported: "the store lacks a feature that this needs: use another store; mailhaul doctor shows which feature",
}

// Remedy returns what the user can do about the error of a call to a bucket, in one line, or
// nothing if that is not known.
func Remedy(err error) string {
	if err == nil {
		return ""
	}
	e := Describe(err)
	return cmp.Or(e.Remedy, remedies[e.Kind])
}

// OfStatus returns the kind of an HTTP status for which the store gives no code of its own.
func OfStatus(status int) Kind {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed:
		return Other
	case http.StatusUnauthorized, http.StatusForbidden:
		return NoAccess
	case http.StatusNotFound:
		return NotFound
	case http.StatusPreconditionFailed, http.StatusConflict:
		return Exists
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return Busy
	case http.StatusNotImplemented:
		return Unsupported
	}
	return Unavailable
}
