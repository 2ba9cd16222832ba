package sinks_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"
	"gocloud.dev/gcerrors"

	"github.com/mailhaul/mailhaul/internal/servers"
	"github.com/mailhaul/mailhaul/repository"
)

// azureEnv clears Azure's environment, and sets the given names and values.
func azureEnv(t *testing.T, env ...string) {
	t.Helper()
	(&servers.Azure{}).Setenv(t)
	for _, name := range []string{"AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH", "AZURE_FEDERATED_TOKEN_FILE"} {
		t.Setenv(name, "")
	}
	t.Setenv("AZURE_TOKEN_CREDENTIALS", "EnvironmentCredential") // it asks no network
	for i := 0; i < len(env); i += 2 {
		t.Setenv(env[i], env[i+1])
	}
}

// signature returns a SAS token for a container.
func signature(t *testing.T, s *servers.Azure, container string, until time.Time) string {
	t.Helper()
	all := sas.ContainerPermissions{Read: true, Add: true, Create: true, Write: true, List: true}
	url, err := s.Client.ServiceClient().NewContainerClient(container).GetSASURL(all, until, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, token, _ := strings.Cut(url, "?")
	return token
}

// TestAzureCredentials: each kind of credentials gives access to a container. The error of missing
// or malformed credentials says so.
func TestAzureCredentials(t *testing.T) {
	s := servers.Azurite(t)
	testAzureCredentials(t, s)
	testAzureCredentialsMissing(t, s)
}

func testAzureCredentials(t *testing.T, s *servers.Azure) {
	container := s.Container(t)
	here := []string{"AZURE_STORAGE_DOMAIN", s.Endpoint, "AZURE_STORAGE_PROTOCOL", "http", "AZURE_STORAGE_ACCOUNT", s.Account}
	token := signature(t, s, container, time.Now().Add(time.Hour))
	for i, c := range []struct {
		name  string
		env   []string
		query string
	}{
		{"key", append(here, "AZURE_STORAGE_KEY", s.Key), ""},
		{"key and a place in the URL", []string{"AZURE_STORAGE_KEY", s.Key}, "?storage_account=" + s.Account + "&protocol=http&domain=" + s.Endpoint},
		{"signature", append(here, "AZURE_STORAGE_SAS_TOKEN", token), ""},
		{"signature with a question mark", append(here, "AZURE_STORAGE_SAS_TOKEN", "?"+token), ""},
		{"connection string", []string{"AZURE_STORAGE_CONNECTION_STRING", s.ConnectionString()}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			azureEnv(t, c.env...)
			repo, err := repository.Init(t.Context(), open(t, fmt.Sprintf("azblob://%s/mail-%d%s", container, i, c.query)))
			if err != nil || repo.Retries() > 0 {
				t.Error(err)
			}
		})
	}
}

func testAzureCredentialsMissing(t *testing.T, s *servers.Azure) {
	container := s.Container(t)
	here := []string{"AZURE_STORAGE_DOMAIN", s.Endpoint, "AZURE_STORAGE_PROTOCOL", "http", "AZURE_STORAGE_ACCOUNT", s.Account}
	wrong := base64.StdEncoding.EncodeToString([]byte(sentinel))
	token := signature(t, s, container, time.Now().Add(time.Hour))
	past := signature(t, s, container, time.Now().Add(-time.Hour))
	for _, c := range []struct {
		name        string
		env         []string
		query, want string
	}{
		{"nothing", nil, "", "no storage account: set AZURE_STORAGE_ACCOUNT"},
		{"no key", []string{"AZURE_STORAGE_ACCOUNT", "account"}, "", "AZURE_"},
		{"malformed key", append(here, "AZURE_STORAGE_KEY", sentinel+"!"), "", "AZURE_STORAGE_KEY is malformed"},
		{"wrong key", append(here, "AZURE_STORAGE_KEY", wrong), "", "config.json"},
		{"wrong signature", append(here, "AZURE_STORAGE_SAS_TOKEN", token[:strings.Index(token, "sig=")]+"sig="+sentinel), "", "config.json"},
		{"expired signature", append(here, "AZURE_STORAGE_SAS_TOKEN", past), "", "config.json"},
		{"signature for another place", []string{"AZURE_STORAGE_ACCOUNT", s.Account, "AZURE_STORAGE_SAS_TOKEN", token + sentinel}, "?domain=" + s.Endpoint, "the URL must not"},
		{"malformed connection string", []string{"AZURE_STORAGE_CONNECTION_STRING", sentinel}, "", "AZURE_STORAGE_CONNECTION_STRING is malformed"},
		{"connection string for another place", []string{"AZURE_STORAGE_CONNECTION_STRING", s.ConnectionString()}, "?domain=127.0.0.1", "the URL must not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			azureEnv(t, c.env...)
			err := refused(t, "azblob://"+container+"/mail"+c.query, c.want)
			if code := gcerrors.Code(err); c.want == "config.json" && code != gcerrors.PermissionDenied {
				t.Errorf("its code is %v", code)
			}
		})
	}
}
