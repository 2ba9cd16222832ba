package doctor

import (
	"errors"
	"net"

	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/repository/store"
)

// storeError adds the operation and the key, which may be empty, to an error of a bucket. It
// returns nil for nil.
func storeError(op, key string, err error) error { return store.Wrap(op, key, err) }

// storeRemedy returns what a user can do about an error of a store, or nothing.
func storeRemedy(err error) string { return store.Remedy(err) }

// isDenied reports whether the store knows the credentials and refuses this operation.
func isDenied(err error) bool { return store.Is(err, store.Denied) }

func isNotFound(err error) bool { return store.Is(err, store.NotFound, store.NoBucket) }

// errExists stands for the refusal of a write whose connection was cut before the answer came.
var errExists = errors.New("another object exists under this key")

// isExists reports whether an object was not created because it exists.
func isExists(err error) bool {
	return store.Is(err, store.Exists) || errors.Is(err, errExists)
}

// isRetryable reports whether the store is busy or cut the connection. Some cut it when they
// refuse a write whose body they have not read.
func isRetryable(err error) bool {
	switch gcerrors.Code(err) {
	case gcerrors.ResourceExhausted, gcerrors.Internal:
		return true
	case gcerrors.Unknown:
		_, ok := errors.AsType[*net.OpError](err)
		return ok
	}
	return false
}
