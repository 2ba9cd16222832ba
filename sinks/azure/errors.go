package azure

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/mailhaul/mailhaul/internal/entra"
	"github.com/mailhaul/mailhaul/repository/store"
)

const (
	needsRole = "the identity has no right to do this: give it the role Storage Blob Data Contributor on the container, or a SAS token with read, create and list (rcl)"
	checkKey  = "check AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING: it is another account's, expired or malformed, or this machine's clock is off"
	setKey    = "no credentials were sent: set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or log in with az login"
	checkAll  = "check the credentials: AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or az login"
	noAzure   = "what answers is not Azure Blob Storage: check domain and storage_account in --repo, or AZURE_STORAGE_DOMAIN and AZURE_STORAGE_ACCOUNT"
)

// A meaning is what one of Azure's error codes means.
type meaning struct {
	kind   store.Kind
	remedy string
}

// meanings are those of Azure's codes. The status of the response decides about others.
var meanings = map[bloberror.Code]meaning{
	bloberror.ContainerNotFound:     {store.NoBucket, "check the container's name and the storage account, or create the container; mailhaul creates none"},
	bloberror.ContainerBeingDeleted: {store.NotFound, "the container is being deleted: wait, or use another"},

	bloberror.BlobAlreadyExists: {store.Exists, ""},
	bloberror.ConditionNotMet:   {store.Exists, ""},

	bloberror.AuthorizationPermissionMismatch: {store.Denied, needsRole},
	bloberror.InsufficientAccountPermissions:  {store.Denied, needsRole},
	bloberror.BlobImmutableDueToPolicy:        {store.Denied, "an immutability policy keeps the object"},

	bloberror.AuthenticationFailed:              {store.NoAccess, checkKey},
	bloberror.InvalidAuthenticationInfo:         {store.NoAccess, checkKey},
	bloberror.NoAuthenticationInformation:       {store.NoAccess, setKey},
	bloberror.AuthorizationFailure:              {store.NoAccess, "the account refuses this network or this identity: check its firewall and the roles of the identity"},
	bloberror.AuthorizationResourceTypeMismatch: {store.NoAccess, "the SAS token is not for containers and objects: give it the resource types c and o"},
	bloberror.AuthorizationServiceMismatch:      {store.NoAccess, "the SAS token is not for blobs: give it the service b"},
	bloberror.AccountIsDisabled:                 {store.NoAccess, "the storage account is disabled: ask its owner"},
	bloberror.ContainerDisabled:                 {store.NoAccess, ""},
	"KeyBasedAuthenticationNotPermitted":        {store.NoAccess, "the account takes no keys: leave AZURE_STORAGE_KEY out and log in with az login, or a service principal"},

	// The content changed on its way.
	bloberror.MD5Mismatch: {store.Unavailable, ""},
	"Crc64Mismatch":       {store.Unavailable, ""},

	bloberror.InvalidResourceName: {store.Other, "check the container's name: it has 3 to 63 lower-case letters, digits and hyphens"},
}

// describe classifies an error of Azure's client. Errors of this package are classified already.
func describe(err error) *store.Error {
	var own *store.Error
	var response *azcore.ResponseError
	var unauthenticated *azidentity.AuthenticationFailedError
	var noCredentials interface{ NonRetriable() } // the mark of azidentity's error
	e := store.Describe(err)
	switch {
	case errors.As(err, &own):
	case errors.As(err, &response):
		m := meaningOf(response)
		e.Kind, e.Remedy, e.Reason = m.kind, m.remedy, reasonOf(response)
	case errors.As(err, &unauthenticated), errors.As(err, &noCredentials):
		e.Kind = store.NoAccess
		if reason := entra.Reason(err); reason != "" {
			e.Reason, e.Remedy = reason, cmp.Or(e.Remedy, checkAll)
		}
	}
	return e
}

func meaningOf(e *azcore.ResponseError) meaning {
	m, ok := meanings[bloberror.Code(e.ErrorCode)]
	if !ok {
		m.kind = store.OfStatus(e.StatusCode)
	}
	if e.StatusCode == http.StatusBadRequest && e.ErrorCode == "InvalidOperation" && strings.Contains(strings.ToLower(e.Error()), "md5") {
		m.kind = store.Unavailable // the emulator's MD5Mismatch
	}
	if m.remedy == "" && e.RawResponse != nil && e.RawResponse.Header.Get("x-ms-request-id") == "" {
		m.remedy = noAzure
	}
	return m
}

// reasonOf returns what Azure says in one line. The client's own text is a page.
func reasonOf(e *azcore.ResponseError) string {
	text := fmt.Sprintf("%d %s", e.StatusCode, cmp.Or(e.ErrorCode, http.StatusText(e.StatusCode)))
	if m := messageOf(e); m != "" {
		text += ": " + m
	}
	return text
}

// messageOf returns the first line of the message in a response, if its body has one.
func messageOf(e *azcore.ResponseError) string {
	if e.RawResponse == nil {
		return ""
	}
	var answer struct{ Message string }
	body, err := runtime.Payload(e.RawResponse)
	if err != nil || xml.Unmarshal(body, &answer) != nil {
		return ""
	}
	first, _, _ := strings.Cut(strings.TrimSpace(answer.Message), "\n")
	return strings.TrimSpace(first)
}
