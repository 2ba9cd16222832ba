// Package entra tells in one line why Microsoft Entra ID gave no token. azidentity's own
// errors are pages, of which a terminal shows the least useful end.
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

// Reason returns why there is no token, or nothing if err is not about that.
func Reason(err error) string {
	var failed *azidentity.AuthenticationFailedError
	var final interface {
		error
		NonRetriable()
	}
	switch {
	case errors.As(err, &failed) && failed.RawResponse != nil:
		return refused(failed)
	case errors.As(err, &failed):
		return line(failed.Error())
	case errors.As(err, &final) && isAzidentity(final):
		return line(final.Error())
	}
	return ""
}

// isAzidentity reports whether an error says that there are no credentials: its type is
// not exported.
func isAzidentity(err error) bool {
	return strings.HasPrefix(fmt.Sprintf("%T", err), "*azidentity.")
}

// refused is what Entra answered. Traces and times of the answer are left out.
func refused(e *azidentity.AuthenticationFailedError) string {
	var answer struct {
		Error       string
		Description string `json:"error_description"`
	}
	body, err := runtime.Payload(e.RawResponse)
	if err != nil || json.Unmarshal(body, &answer) != nil || answer.Error == "" {
		return fmt.Sprintf("Microsoft Entra ID answers %s", e.RawResponse.Status)
	}
	description, _, _ := strings.Cut(answer.Description, "Trace ID:")
	return line(fmt.Sprintf("Microsoft Entra ID answers %d %s: %s", e.RawResponse.StatusCode, answer.Error, description))
}

// line makes one line of a text, of bounded length.
func line(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxReason {
		text = strings.ToValidUTF8(text[:maxReason], "") + "…"
	}
	return text
}
