package cli_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/mailhaul/mailhaul/internal/servers"
)

// TestBadGateway is TestBadStores for an S3 server with other error messages.
func TestBadGateway(t *testing.T) {
	server := servers.VersityGW(t)
	graph := newTenant(t)
	for name, test := range map[string]struct {
		bucket, key, secret string
		bad                 badStore
	}{
		"no such bucket":     {"not-there", server.AccessKey, server.Secret, badStores["no such bucket"]},
		"unknown access key": {"not-there", "nobody", server.Secret, badStore{code: 1, error: `No user exists`, hint: `does not know the access key`}},
		"wrong secret":       {"not-there", server.AccessKey, "not-the-secret", badStores["wrong secret"]},
	} {
		t.Run(name, func(t *testing.T) {
			servers.Setenv(t, test.key, test.secret, "")
			checkBad(t, graph, server.URL(test.bucket, "mail"), test.bad, server.Secret, "not-the-secret")
		})
	}
}

// TestBadContainers is TestBadStores for Azure.
func TestBadContainers(t *testing.T) {
	server := servers.Azurite(t)
	graph := newTenant(t)
	const otherKey = "bm90IHRoZSBrZXk="
	for name, test := range map[string]struct {
		place func(t *testing.T) string
		bad   badStore
	}{
		"no such container": {
			func(*testing.T) string { return server.URL("not-there", "mail") },
			badStore{code: 1, error: `404 ContainerNotFound: The specified container does not exist`, hint: `check the container's name`},
		},
		"wrong key": {
			func(t *testing.T) string {
				t.Setenv("AZURE_STORAGE_KEY", otherKey)
				return server.URL(server.Container(t), "mail")
			},
			badStore{code: 1, error: `403 AuthorizationFailure|403 AuthenticationFailed`, hint: `check `},
		},
		"only reading": {
			func(t *testing.T) string { return signed(t, server, sas.ContainerPermissions{Read: true, List: true}) },
			badStore{code: 1, error: `write .*403 AuthorizationPermissionMismatch`, hint: `a SAS token with read, create and list`, only: "export doctor"},
		},
		"no listing": {
			func(t *testing.T) string {
				return signed(t, server, sas.ContainerPermissions{Read: true, Create: true, Write: true})
			},
			badStore{code: 1, error: `list.*403 AuthorizationPermissionMismatch`, hint: `a SAS token with read, create and list`, only: "export doctor"},
		},
		"no account": {
			func(t *testing.T) string {
				t.Setenv("AZURE_STORAGE_ACCOUNT", "")
				return server.URL("container", "mail")
			},
			badStore{code: 2, error: `no storage account: set AZURE_STORAGE_ACCOUNT`},
		},
		"malformed key": {
			func(t *testing.T) string {
				t.Setenv("AZURE_STORAGE_KEY", "no base64!")
				return server.URL("container", "mail")
			},
			badStore{code: 2, error: `AZURE_STORAGE_KEY is malformed`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			server.Setenv(t)
			checkBad(t, graph, test.place(t), test.bad, server.Key, otherKey, "sig=")
		})
	}
}

// signed sets a SAS token with some permissions for an empty container, and returns a URL in it.
func signed(t *testing.T, s *servers.Azure, may sas.ContainerPermissions) string {
	t.Helper()
	name := s.Container(t)
	text, err := s.Client.ServiceClient().NewContainerClient(name).GetSASURL(may, time.Now().Add(time.Hour), nil)
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("AZURE_STORAGE_KEY", "")
	t.Setenv("AZURE_STORAGE_SAS_TOKEN", u.RawQuery)
	t.Setenv("AZURE_STORAGE_DOMAIN", s.Endpoint)
	t.Setenv("AZURE_STORAGE_PROTOCOL", "http")
	return fmt.Sprintf("azblob://%s/mail", name)
}

// TestBadBuckets is TestBadStores for Google. The test server has no access control, so another
// server gives the service's answer to requests without rights.
func TestBadBuckets(t *testing.T) {
	server := servers.FakeGCS(t)
	graph := newTenant(t)
	t.Run("no such bucket", func(t *testing.T) {
		server.Setenv(t)
		bad := badStore{code: 1, error: `.`, hint: `check the bucket's name|check --repo`}
		checkBad(t, graph, server.URL("not-there", "mail"), bad)
	})
	t.Run("nothing to log in with", func(t *testing.T) {
		t.Setenv("STORAGE_EMULATOR_HOST", "")
		t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "none.json"))
		bad := badStore{code: 2, error: `gs://bucket: credentials: `, hint: `gcloud auth application-default login`}
		checkBad(t, graph, "gs://bucket/mail", bad)
	})
	for name, test := range map[string]struct {
		status int
		reason string
		bad    badStore
	}{
		"no credentials": {http.StatusUnauthorized, "Invalid Credentials", badStore{code: 1, error: `401 Invalid Credentials`, hint: `gcloud auth application-default login`}},
		"no rights": {http.StatusForbidden, "hauler does not have storage.objects.list access.", badStore{code: 1, error: `403 hauler does not have`,
			hint: `storage.objects.list`}},
	} {
		t.Run(name, func(t *testing.T) {
			google := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				fmt.Fprintf(w, `{"error":{"code":%d,"message":%q,"errors":[{"message":%[2]q,"domain":"global"}]}}`, test.status, test.reason)
			}))
			defer google.Close()
			t.Setenv("STORAGE_EMULATOR_HOST", google.URL)
			checkBad(t, graph, "gs://bucket/mail", test.bad)
		})
	}
}
