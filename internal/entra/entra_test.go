package entra_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/mailhaul/mailhaul/internal/entra"
)

// An answer is Entra's response to every request for a token.
type answer struct {
	status int
	body   string
}

func (a answer) Do(req *http.Request) (*http.Response, error) {
	status, body := a.status, a.body
	if strings.HasSuffix(req.URL.Path, "openid-configuration") {
		status, body = http.StatusOK, `{"token_endpoint":"https://login.microsoftonline.com/t/token","authorization_endpoint":"https://login.microsoftonline.com/t/a","issuer":"https://login.microsoftonline.com/t"}`
	}
	if strings.Contains(req.URL.Path, "/discovery/") {
		status, body = http.StatusOK, `{"tenant_discovery_endpoint":"https://login.microsoftonline.com/t/v2.0/.well-known/openid-configuration","metadata":[]}`
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), Request: req,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body)),
	}, nil
}

// refused returns the error of a client whose secret Entra refuses.
func refused(t *testing.T, a answer) error {
	t.Helper()
	c, err := azidentity.NewClientSecretCredential("tenant", "client", "the-secret", &azidentity.ClientSecretCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: a, Cloud: cloud.AzurePublic, Retry: policy.RetryOptions{MaxRetries: -1}}, DisableInstanceDiscovery: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	if err == nil {
		t.Fatal("a token was issued")
	}
	return err
}

func TestReason(t *testing.T) {
	const body = `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1 Correlation ID: 2","error_codes":[7000215]}`
	for name, test := range map[string]struct {
		answer answer
		want   string
	}{
		"refused":  {answer{http.StatusUnauthorized, body}, "Microsoft Entra ID answers 401 invalid_client: AADSTS7000215: Invalid client secret provided."},
		"web page": {answer{http.StatusBadGateway, "<html>"}, "Microsoft Entra ID answers 502 Bad Gateway"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := entra.Reason(fmt.Errorf("list: %w", refused(t, test.answer))); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
	if got := entra.Reason(errors.New("another")); got != "" {
		t.Errorf("%q", got)
	}
}

// TestNoCredentials expects one line from a chain of credentials that finds none.
func TestNoCredentials(t *testing.T) {
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("PATH", t.TempDir())
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "dev")
	c, err := azidentity.NewDefaultAzureCredential(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetToken(t.Context(), policy.TokenRequestOptions{Scopes: []string{"https://graph.microsoft.com/.default"}})
	got := entra.Reason(err)
	if !strings.HasPrefix(got, "DefaultAzureCredential:") || strings.Contains(got, "\n") || len(got) > 700 {
		t.Errorf("%q of %v", got, err)
	}
}
