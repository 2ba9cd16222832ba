// Package azure opens containers of Azure Blob Storage, by Go CDK's azureblob driver.
//
// Each object is stored with one Put Blob request, whose Content-MD5 the service checks. URLs are
// azblob://container, with Go CDK's parameters:
//
//	storage_account  default: AZURE_STORAGE_ACCOUNT
//	domain           default: AZURE_STORAGE_DOMAIN, or blob.core.windows.net
//	protocol         https (the default) or http; AZURE_STORAGE_PROTOCOL
//	cdn, localemu    true: the domain is a CDN's, or an emulator's
//
// and with
//
//	access_tier       of new objects: Hot, Cool, Cold
//	encryption_scope  that encrypts new objects
//	lock_mode         immutability policy of new objects: governance (unlocked) or compliance (locked)
//	lock_days         days of that policy
//	legal_hold        true: a legal hold on new objects
//	tags              of new objects: name=value,name=value
//	limit_upload      bytes a second, such as 20MiB/s
//	ca_file           PEM file of certificates to trust besides the system's
//
// Credentials come from AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN or
// AZURE_STORAGE_CONNECTION_STRING, in this order, or else from Microsoft Entra ID by
// azidentity's DefaultAzureCredential: a secret, a certificate, workload or managed
// identity, or az login.
package azure

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"gocloud.dev/blob"
	"gocloud.dev/blob/azureblob"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/sinks/internal/layer"
	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// Open opens the container that a URL names. It sends nothing to the store.
func Open(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	l, err := parse(u)
	if err != nil {
		return nil, err
	}
	t, err := transport.New(l.transport)
	if err != nil {
		return nil, err
	}
	client, err := l.client(u.Host, t)
	if err != nil {
		return nil, err
	}
	below, err := azureblob.OpenBucket(ctx, client, nil)
	if err != nil {
		return nil, err
	}
	p := &putter{client: client, write: l.write}
	return layer.New(below, layer.Options{Put: p.put, Describe: describe, Close: t.CloseIdleConnections}), nil
}

// A location holds the parameters of a container's URL.
type location struct {
	service   azureblob.ServiceURLOptions
	moved     bool // the URL itself says where the service is
	write     writeOptions
	transport transport.Options
}

func parse(u *url.URL) (l location, err error) {
	if u.Host == "" {
		return l, errors.New("the URL names no container")
	}
	p := params.Of(u)
	l.service = *azureblob.NewDefaultServiceURLOptions()
	set := func(to *string, name string) {
		if s := p.String(name); s != "" {
			*to, l.moved = s, true
		}
	}
	set(&l.service.AccountName, "storage_account")
	set(&l.service.StorageDomain, "domain")
	set(&l.service.Protocol, "protocol")
	if p.Bool("cdn") {
		l.service.IsCDN, l.moved = true, true
	}
	if p.Bool("localemu") {
		l.service.IsLocalEmulator, l.moved = true, true
	}
	l.write = parseWrite(p)
	l.transport = transport.Options{CAFile: p.String("ca_file"), UploadLimit: p.Rate("limit_upload")}
	p.Refuse("Azure has access tiers: use access_tier", "storage_class")
	p.Refuse("Azure has encryption scopes: use encryption_scope", "sse", "ssetype", "kms_key", "kmskeyid", "sse_c_key_file", "sse_c_key_env")
	return l, p.Err()
}

// client returns a client that has the credentials of the environment.
func (l *location) client(name string, t *transport.Transport) (*container.Client, error) {
	opts := &container.ClientOptions{ClientOptions: policy.ClientOptions{
		Transport: storeSender{t},
		Retry:     policy.RetryOptions{MaxRetries: -1}, // the caller retries
		Telemetry: policy.TelemetryOptions{ApplicationID: "mailhaul"},
	}}
	key, sas := os.Getenv("AZURE_STORAGE_KEY"), l.service.SASToken
	if cs := connectionString(); cs != "" && sas == "" && (key == "" || l.service.AccountName == "") {
		return l.byConnectionString(cs, name, opts)
	}
	if l.service.AccountName == "" {
		return nil, errors.New("no storage account: set AZURE_STORAGE_ACCOUNT, or storage_account in the URL")
	}
	if key != "" {
		l.service.SASToken = ""
		return l.byKey(key, name, opts)
	}
	if sas != "" {
		return l.bySAS(name, opts)
	}
	credential, err := azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
		ClientOptions: azcore.ClientOptions{Transport: sender{t}},
	})
	if err != nil {
		return nil, fmt.Errorf("credentials: %w", err)
	}
	where, err := l.url(name)
	if err != nil {
		return nil, err
	}
	return container.NewClient(where, credential, opts)
}

func connectionString() string {
	if s := os.Getenv("AZURE_STORAGE_CONNECTION_STRING"); s != "" {
		return s
	}
	return os.Getenv("AZURE_STORAGEBLOB_CONNECTIONSTRING")
}

func (l *location) byConnectionString(cs, name string, opts *container.ClientOptions) (*container.Client, error) {
	if l.moved {
		return nil, errors.New("AZURE_STORAGE_CONNECTION_STRING says where the service is: the URL must not")
	}
	client, err := container.NewClientFromConnectionString(cs, name, opts)
	if err != nil {
		return nil, errors.New("AZURE_STORAGE_CONNECTION_STRING is malformed") // it holds a key
	}
	return client, nil
}

func (l *location) byKey(key, name string, opts *container.ClientOptions) (*container.Client, error) {
	credential, err := container.NewSharedKeyCredential(l.service.AccountName, key)
	if err != nil {
		return nil, errors.New("AZURE_STORAGE_KEY is malformed: want base64")
	}
	where, err := l.url(name)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithSharedKeyCredential(where, credential, opts)
}

// bySAS sends the token only to the service that the environment names: whoever has the token has
// access.
func (l *location) bySAS(name string, opts *container.ClientOptions) (*container.Client, error) {
	if l.moved {
		return nil, errors.New("with AZURE_STORAGE_SAS_TOKEN, the environment says where the service is: the URL must not")
	}
	where, err := l.url(name)
	if err != nil {
		return nil, err
	}
	return container.NewClientWithNoCredential(where, opts)
}

// url returns the container's URL, with the SAS token if that is the credential.
func (l *location) url(name string) (string, error) {
	l.service.SASToken = strings.TrimPrefix(l.service.SASToken, "?")
	service, err := azureblob.NewServiceURL(&l.service)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(string(service))
	if err != nil || u.Host == "" {
		return "", errors.New("domain or storage_account is malformed")
	}
	return u.JoinPath(name).String(), nil
}
