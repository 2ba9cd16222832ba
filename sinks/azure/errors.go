package azure

import (
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"gocloud.dev/gcerrors"
)

var codes = map[bloberror.Code]gcerrors.ErrorCode{
	bloberror.BlobAlreadyExists: gcerrors.FailedPrecondition, bloberror.ConditionNotMet: gcerrors.FailedPrecondition,
	bloberror.BlobImmutableDueToPolicy: gcerrors.PermissionDenied, bloberror.ContainerDisabled: gcerrors.PermissionDenied,
	bloberror.ContainerBeingDeleted: gcerrors.NotFound,
	// Content that changed on its way is sent again.
	bloberror.MD5Mismatch: gcerrors.Internal, "Crc64Mismatch": gcerrors.Internal,
}

// code classifies what Azure's client says.
func code(err error) gcerrors.ErrorCode {
	var response *azcore.ResponseError
	var failed *azidentity.AuthenticationFailedError
	var none *refused
	var ignored *ignoredError
	switch {
	case errors.As(err, &ignored):
		return gcerrors.Unimplemented
	case errors.As(err, &none):
		return gcerrors.InvalidArgument
	case errors.As(err, &response):
		return codeOf(response)
	case errors.As(err, &failed), isUnavailable(err):
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

func codeOf(e *azcore.ResponseError) gcerrors.ErrorCode {
	if c, ok := codes[bloberror.Code(e.ErrorCode)]; ok {
		return c
	}
	switch s := e.StatusCode; {
	case s == http.StatusBadRequest && e.ErrorCode == "InvalidOperation" && strings.Contains(strings.ToLower(e.Error()), "md5"):
		return gcerrors.Internal // as the emulator tells an MD5Mismatch
	case s == http.StatusBadRequest:
		return gcerrors.InvalidArgument
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return gcerrors.PermissionDenied
	case s == http.StatusNotFound:
		return gcerrors.NotFound
	case s == http.StatusPreconditionFailed, s == http.StatusConflict:
		return gcerrors.FailedPrecondition
	case s == http.StatusRequestTimeout, s == http.StatusTooManyRequests, s == http.StatusServiceUnavailable:
		return gcerrors.ResourceExhausted
	case s == http.StatusNotImplemented:
		return gcerrors.Unimplemented
	case s >= http.StatusInternalServerError:
		return gcerrors.Internal
	}
	return gcerrors.Unknown
}

// isUnavailable reports whether there are no credentials at all.
func isUnavailable(err error) bool {
	var e interface{ NonRetriable() } // azidentity's mark of it
	return errors.As(err, &e)
}
