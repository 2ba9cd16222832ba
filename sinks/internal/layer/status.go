package layer

import (
	"net/http"

	"gocloud.dev/gcerrors"
)

// StatusCode classifies an answer by its HTTP status, where the store says no more.
func StatusCode(status int) gcerrors.ErrorCode {
	switch status {
	case http.StatusBadRequest:
		return gcerrors.InvalidArgument
	case http.StatusUnauthorized, http.StatusForbidden:
		return gcerrors.PermissionDenied
	case http.StatusNotFound:
		return gcerrors.NotFound
	case http.StatusPreconditionFailed, http.StatusConflict:
		return gcerrors.FailedPrecondition
	case http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return gcerrors.ResourceExhausted
	case http.StatusNotImplemented:
		return gcerrors.Unimplemented
	}
	if status >= http.StatusInternalServerError {
		return gcerrors.Internal
	}
	return gcerrors.Unknown
}
