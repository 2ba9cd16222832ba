package servers

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

// An Azure is an Azure Blob Storage server.
type Azure struct {
	Endpoint     string // host:port, plain HTTP
	Account, Key string
	Client       *azblob.Client // with all rights
	containers   atomic.Int64
}

// Azurite starts an Azure Blob Storage server, which stops when the test ends.
func Azurite(t testing.TB) *Azure {
	t.Helper()
	main := cache("azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js")
	need(t, "azurite", main)
	var key [64]byte
	_, _ = rand.Read(key[:]) // never fails
	a := &Azure{Account: "mailhaul", Key: base64.StdEncoding.EncodeToString(key[:])}
	server{name: "azurite", ready: a.ready, command: func(addr string) *exec.Cmd {
		host, port := split(addr)
		cmd := exec.Command("node", main, "--blobHost", host, "--blobPort", port, "--inMemoryPersistence",
			"--skipApiVersionCheck", "--disableTelemetry", "--silent")
		cmd.Env = append(os.Environ(), fmt.Sprintf("AZURITE_ACCOUNTS=%s:%s", a.Account, a.Key))
		return cmd
	}}.start(t)
	return a
}

// ready makes a request that only this server's own key allows, in case another server has the
// port.
func (a *Azure) ready(ctx context.Context, addr string) error {
	a.Endpoint = addr
	client, err := azblob.NewClientFromConnectionString(a.ConnectionString(), &azblob.ClientOptions{ClientOptions: policy.ClientOptions{
		Retry: policy.RetryOptions{MaxRetries: -1},
	}})
	if err != nil {
		return err
	}
	a.Client = client
	_, err = client.NewListContainersPager(nil).NextPage(ctx)
	return err
}

// ConnectionString returns the server's address and key in the form of Azure's tools.
func (a *Azure) ConnectionString() string {
	return fmt.Sprintf("DefaultEndpointsProtocol=http;AccountName=%s;AccountKey=%s;BlobEndpoint=http://%s/%s;", a.Account, a.Key, a.Endpoint, a.Account)
}

// Container creates an empty container and returns its name.
func (a *Azure) Container(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test-%d", a.containers.Add(1))
	if _, err := a.Client.CreateContainer(context.WithoutCancel(t.Context()), name, nil); err != nil {
		t.Fatal(err)
	}
	return name
}

// URL returns the URL of a prefix of a container. Setenv sets the credentials for it.
func (a *Azure) URL(container, prefix string) string { return a.URLAt(a.Endpoint, container, prefix) }

// URLAt is URL with the address of a proxy.
func (a *Azure) URLAt(addr, container, prefix string) string {
	return fmt.Sprintf("azblob://%s/%s?domain=%s&protocol=http", container, prefix, addr)
}

// Setenv sets the environment's credentials to the server's, and clears all other settings of Azure
// Storage, until the test ends.
func (a *Azure) Setenv(t *testing.T) {
	for _, name := range []string{
		"AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGEBLOB_CONNECTIONSTRING", "AZURE_STORAGE_DOMAIN",
		"AZURE_STORAGE_PROTOCOL", "AZURE_STORAGE_IS_CDN", "AZURE_STORAGE_IS_LOCAL_EMULATOR",
	} {
		t.Setenv(name, "")
	}
	t.Setenv("AZURE_STORAGE_ACCOUNT", a.Account)
	t.Setenv("AZURE_STORAGE_KEY", a.Key)
}
