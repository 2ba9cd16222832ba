package azure

import (
	"errors"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/sinks/internal/layer"
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
	if e.StatusCode == http.StatusBadRequest && e.ErrorCode == "InvalidOperation" && strings.Contains(strings.ToLower(e.Error()), "md5") {
		return gcerrors.Internal // as the emulator tells an MD5Mismatch
	}
	return layer.StatusCode(e.StatusCode)
}

// isUnavailable reports whether there are no credentials at all.
func isUnavailable(err error) bool {
	var e interface{ NonRetriable() } // azidentity's mark of it
	return errors.As(err, &e)
}
