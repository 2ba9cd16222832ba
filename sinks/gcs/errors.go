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

	"github.com/mailhaul/mailhaul/repository/store"
)

const (
	logIn      = "check the credentials: gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS"
	needsRoles = "the identity has no right to do this: an export needs storage.objects.list, create and get on the bucket, as the roles Storage Object Creator and " +
		"Storage Object Viewer have; mailhaul doctor shows which is missing"
	noBucket = "check the bucket's name, or create the bucket; mailhaul creates none"
)

// describe classifies an error of Google's client. Errors of this package are classified already.
func describe(err error) *store.Error {
	var own *store.Error
	var api *googleapi.Error
	var token *oauth2.RetrieveError
	e := store.Describe(err)
	switch {
	case errors.As(err, &own):
		return e
	case errors.As(err, &api):
		e.Kind, e.Remedy = meaningOf(api)
		e.Reason = reasonOf(api)
	case errors.As(err, &token):
		e.Kind, e.Remedy = store.NoAccess, logIn
		e.Reason = reasonOfToken(token)
	}
	switch {
	case errors.Is(err, storage.ErrObjectNotExist):
		e.Kind, e.Remedy = store.NotFound, ""
	case errors.Is(err, storage.ErrBucketNotExist):
		e.Kind, e.Remedy = store.NoBucket, noBucket
	}
	return e
}

// meaningOf returns the kind of a response, and what the user can do about it.
func meaningOf(e *googleapi.Error) (store.Kind, string) {
	switch e.Code {
	case http.StatusBadRequest:
		if strings.Contains(strings.ToLower(e.Message), "crc32c") {
			return store.Unavailable, "" // the content changed on its way
		}
	case http.StatusUnauthorized:
		return store.NoAccess, logIn
	case http.StatusForbidden:
		return store.Denied, needsRoles
	case http.StatusNotFound: // without ErrObjectNotExist
		return store.NoBucket, noBucket
	}
	return store.OfStatus(e.Code), ""
}

// reasonOf returns what a response says, in one line.
func reasonOf(e *googleapi.Error) string {
	return fmt.Sprintf("%d %.300s", e.Code, cmp.Or(e.Message, messageOf(e.Body), http.StatusText(e.Code)))
}

// reasonOfToken returns why there is no token, in one line.
func reasonOfToken(e *oauth2.RetrieveError) string {
	if e.ErrorCode == "" {
		return "no token: " + e.Response.Status
	}
	return fmt.Sprintf("no token: %s: %.300s", e.ErrorCode, e.ErrorDescription)
}

// messageOf returns the message in the body of a refused read, which the client does not decode.
func messageOf(body string) string {
	var answer struct{ Error struct{ Message string } }
	if json.Unmarshal([]byte(body), &answer) != nil {
		return ""
	}
	return strings.Join(strings.Fields(answer.Error.Message), " ")
}

// noCredentials is the error of an environment without usable credentials.
func noCredentials(err error) error {
	return &store.Error{Kind: store.NoAccess, Reason: store.OneLine(fmt.Sprintf("credentials: %v", err)), Remedy: logIn, Err: err}
}

// asExists returns the error of a conditional write as store.Exists, if an account without the right
// to delete gets it for an object that exists: replacing an object takes that right, and creating
// one does not.
func asExists(err error) error {
	var api *googleapi.Error
	if errors.As(err, &api) && api.Code == http.StatusForbidden && strings.Contains(api.Error(), "storage.objects.delete") {
		return &store.Error{Kind: store.Exists, Reason: reasonOf(api), Err: api}
	}
	return err
}
