// Package entra reduces errors of Microsoft Entra ID's tokens to one line. azidentity's own errors
// are pages long, and a terminal shows their least useful end.
package entra

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
)

// maxReason bounds a reason, in bytes.
const maxReason = 600

// Reason returns why no token was issued, in one line, or nothing if err is about something else.
func Reason(err error) string {
	if failed, ok := errors.AsType[*azidentity.AuthenticationFailedError](err); ok {
		if failed.RawResponse != nil {
			return responseReason(failed)
		}
		return oneLine(failed.Error())
	}
	type nonRetriable interface {
		error
		NonRetriable()
	}
	if final, ok := errors.AsType[nonRetriable](err); ok && isAzidentity(final) {
		return oneLine(final.Error())
	}
	return ""
}

// isAzidentity reports whether an error's type is azidentity's. The type of the error that no
// credentials were found is not exported.
func isAzidentity(err error) bool {
	return strings.HasPrefix(fmt.Sprintf("%T", err), "*azidentity.")
}

// responseReason returns the reason in Entra's response, without its trace ids and times.
func responseReason(e *azidentity.AuthenticationFailedError) string {
	var response struct {
		Error       string
		Description string `json:"error_description"`
	}
	body, err := runtime.Payload(e.RawResponse)
	if err != nil || json.Unmarshal(body, &response) != nil || response.Error == "" {
		return fmt.Sprintf("Microsoft Entra ID answers %s", e.RawResponse.Status)
	}
	description, _, _ := strings.Cut(response.Description, "Trace ID:")
	return oneLine(fmt.Sprintf("Microsoft Entra ID answers %d %s: %s", e.RawResponse.StatusCode, response.Error, description))
}

// oneLine makes one line of a text, of at most maxReason bytes and an ellipsis.
func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
