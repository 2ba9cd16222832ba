package azure

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/mailhaul/mailhaul/internal/entra"
)

// Reason returns what Azure says in one line, or nothing if err is not Azure's. The
// client's own errors are pages.
func Reason(err error) string {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		return entra.Reason(err)
	}
	text := fmt.Sprintf("%d %s", e.StatusCode, e.ErrorCode)
	if e.ErrorCode == "" {
		text = fmt.Sprintf("%d %s", e.StatusCode, http.StatusText(e.StatusCode))
	}
	if m := message(e); m != "" {
		text += ": " + m
	}
	return text
}

// message is the first line of the answer's, where it has a body.
func message(e *azcore.ResponseError) string {
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

const (
	needsRole = "the identity may not do this: give it the role Storage Blob Data Contributor on the container, or a SAS token with read, create and list (rcl)"
	checkKey  = "check AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING: it is another account's, expired or malformed, or this machine's clock is off"
)

// remedies are by Azure's codes.
var remedies = map[bloberror.Code]string{
	bloberror.AuthenticationFailed:              checkKey,
	bloberror.InvalidAuthenticationInfo:         checkKey,
	bloberror.NoAuthenticationInformation:       "no credentials were sent: set AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or AZURE_STORAGE_CONNECTION_STRING, or log in with az login",
	bloberror.AuthorizationFailure:              "the account refuses this network or this identity: check its firewall and the roles of the identity",
	bloberror.AuthorizationPermissionMismatch:   needsRole,
	bloberror.InsufficientAccountPermissions:    needsRole,
	bloberror.AuthorizationResourceTypeMismatch: "the SAS token is not for containers and objects: give it the resource types c and o",
	bloberror.AuthorizationServiceMismatch:      "the SAS token is not for blobs: give it the service b",
	bloberror.ContainerNotFound:                 "check the container's name and the storage account, or create the container; mailhaul creates none",
	bloberror.ContainerBeingDeleted:             "the container is being deleted: wait, or use another",
	bloberror.AccountIsDisabled:                 "the storage account is disabled: ask its owner",
	bloberror.InvalidResourceName:               "check the container's name: it has 3 to 63 small letters, digits and hyphens",
	"KeyBasedAuthenticationNotPermitted":        "the account takes no keys: leave AZURE_STORAGE_KEY out and log in with az login, or a service principal",
	bloberror.BlobImmutableDueToPolicy:          "an immutability policy keeps the object",
}

// Remedy returns what the user can do about what Azure said, or nothing.
func Remedy(err error) string {
	var e *azcore.ResponseError
	if !errors.As(err, &e) {
		if entra.Reason(err) != "" {
			return "check the credentials: AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN, or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or az login"
		}
		return ""
	}
	if text := remedies[bloberror.Code(e.ErrorCode)]; text != "" {
		return text
	}
	if e.RawResponse != nil && e.RawResponse.Header.Get("x-ms-request-id") == "" {
		return "what answers is not Azure Blob Storage: check domain and storage_account in --repo, or AZURE_STORAGE_DOMAIN and AZURE_STORAGE_ACCOUNT"
	}
	return ""
}

// IsDenied reports whether Azure knows who asks, and says that they may not.
func IsDenied(err error) bool {
	return bloberror.HasCode(err, bloberror.AuthorizationPermissionMismatch, bloberror.InsufficientAccountPermissions)
}

// IsNoContainer reports whether there is no such container.
func IsNoContainer(err error) bool { return bloberror.HasCode(err, bloberror.ContainerNotFound) }
