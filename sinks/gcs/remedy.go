package gcs

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"google.golang.org/api/googleapi"
)

// Reason returns what Google says in one line, or nothing if err is not Google's.
func Reason(err error) string {
	var token *oauth2.RetrieveError
	var api *googleapi.Error
	switch {
	case errors.As(err, &token) && token.ErrorCode != "":
		return fmt.Sprintf("no token: %s: %.300s", token.ErrorCode, token.ErrorDescription)
	case errors.As(err, &token):
		return "no token: " + token.Response.Status
	case errors.As(err, &api):
		return fmt.Sprintf("%d %.300s", api.Code, cmp.Or(api.Message, message(api.Body), http.StatusText(api.Code)))
	}
	return ""
}

// message is what the body of a refused read says, which the client does not look into.
func message(body string) string {
	var answer struct{ Error struct{ Message string } }
	if json.Unmarshal([]byte(body), &answer) != nil {
		return ""
	}
	return strings.Join(strings.Fields(answer.Error.Message), " ")
}

// errCredentials is in the error of an environment that has none, or none that are whole.
var errCredentials = errors.New("credentials")

const logIn = "check the credentials: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"

// Remedy returns what the user can do about what Google said, or nothing.
func Remedy(err error) string {
	var token *oauth2.RetrieveError
	var api *googleapi.Error
	switch {
	case errors.As(err, &token), errors.Is(err, errCredentials):
		return logIn
	case IsNoBucket(err):
		return "check the bucket's name, or create the bucket; mailhaul creates none"
	case !errors.As(err, &api):
		return ""
	}
	switch api.Code {
	case http.StatusUnauthorized:
		return logIn
	case http.StatusForbidden:
		return "the identity may not do this: an export needs storage.objects.list, create and get on the bucket, as the roles Storage Object Creator and " +
			"Storage Object Viewer have; mailhaul doctor tells which is missing"
	}
	return ""
}

// IsDenied reports whether Google knows who asks, and says that they may not.
func IsDenied(err error) bool {
	var api *googleapi.Error
	return errors.As(err, &api) && api.Code == http.StatusForbidden
}

// IsNoBucket reports whether there is no such bucket. Whoever reads an object is told of
// that only that the object is not there.
func IsNoBucket(err error) bool {
	var api *googleapi.Error
	return errors.Is(err, storage.ErrBucketNotExist) ||
		errors.As(err, &api) && api.Code == http.StatusNotFound && !errors.Is(err, storage.ErrObjectNotExist)
}
