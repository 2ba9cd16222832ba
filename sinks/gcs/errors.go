package gcs

import (
	"errors"
	"net/http"
	"strings"

	"cloud.google.com/go/storage"
	"gocloud.dev/gcerrors"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"

	"github.com/mailhaul/mailhaul/sinks/internal/layer"
)

// code classifies what Google's client says.
func code(err error) gcerrors.ErrorCode {
	var api *googleapi.Error
	var token *oauth2.RetrieveError
	var ignored *ignoredError
	var taken *takenError
	switch {
	case errors.As(err, &taken):
		return gcerrors.FailedPrecondition
	case errors.As(err, &ignored):
		return gcerrors.Unimplemented
	case errors.As(err, &api):
		return codeOf(api)
	case errors.Is(err, storage.ErrObjectNotExist), errors.Is(err, storage.ErrBucketNotExist):
		return gcerrors.NotFound
	case errors.As(err, &token):
		return gcerrors.PermissionDenied
	}
	return gcerrors.Unknown
}

func codeOf(e *googleapi.Error) gcerrors.ErrorCode {
	if e.Code == http.StatusBadRequest && strings.Contains(strings.ToLower(e.Message), "crc32c") {
		return gcerrors.Internal // content that changed on its way is sent again
	}
	return layer.StatusCode(e.Code)
}

// A takenError is the answer to a create of an object that is there, from an account that
// may not delete: replacing an object takes that right, and creating one does not.
type takenError struct{ error }

// needsDelete returns what the service says for want of the right to delete, nil if it
// says something else.
func needsDelete(err error) *googleapi.Error {
	var api *googleapi.Error
	if errors.As(err, &api) && api.Code == http.StatusForbidden && strings.Contains(api.Error(), "storage.objects.delete") {
		return api
	}
	return nil
}
