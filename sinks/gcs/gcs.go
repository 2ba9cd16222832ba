// Package gcs opens buckets of Google Cloud Storage, by Go CDK's gcsblob driver.
//
// Each object is stored with one request, whose CRC32C the service checks. URLs are gs://bucket,
// with these parameters:
//
//	anonymous        true: requests carry no credentials
//	universe_domain  of a sovereign cloud
//	storage_class    of new objects: STANDARD, NEARLINE, COLDLINE, ARCHIVE
//	kms_key          name of the Cloud KMS key that encrypts new objects; kmskeyid means the same
//	lock_mode        retention of new objects: governance (unlocked) or compliance (locked)
//	lock_days        days of that retention
//	legal_hold       true: a temporary hold on new objects
//	limit_upload     bytes a second, such as 20MiB/s
//	ca_file          PEM file of certificates to trust besides the system's
//
// Credentials are the application default credentials, which include workload identity. With
// STORAGE_EMULATOR_HOST in the environment, the emulator there is used without credentials.
package gcs

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"net/url"
	"os"

	"cloud.google.com/go/storage"
	"gocloud.dev/blob"
	"gocloud.dev/blob/gcsblob"
	"gocloud.dev/gcp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"

	"github.com/mailhaul/mailhaul/internal/transport"
	"github.com/mailhaul/mailhaul/sinks/internal/layer"
	"github.com/mailhaul/mailhaul/sinks/internal/params"
)

// Open opens the bucket that a URL names. It may look for credentials, and sends nothing to the
// store.
func Open(ctx context.Context, u *url.URL) (*blob.Bucket, error) {
	l, err := parse(u)
	if err != nil {
		return nil, err
	}
	t, err := transport.New(l.transport)
	if err != nil {
		return nil, err
	}
	client, err := l.client(ctx, t)
	if err != nil {
		return nil, err
	}
	client.SetRetry(storage.WithPolicy(storage.RetryNever)) // the caller retries
	below, err := gcsblob.OpenBucket(ctx, nil, u.Host, &gcsblob.Options{Client: client})
	if err != nil {
		return nil, err
	}
	p := &putter{below, l.write}
	return layer.New(below, layer.Options{Put: p.put, Describe: describe, Close: func() {
		_ = client.Close()
		t.CloseIdleConnections()
	}}), nil
}

// A location holds the parameters of a bucket's URL.
type location struct {
	anonymous bool
	universe  string
	write     writeOptions
	transport transport.Options
}

func parse(u *url.URL) (l location, err error) {
	if u.Host == "" {
		return l, errors.New("the URL names no bucket")
	}
	p := params.Of(u)
	l = location{
		anonymous: p.Bool("anonymous"), universe: p.String("universe_domain"), write: parseWrite(p),
		transport: transport.Options{CAFile: p.String("ca_file"), UploadLimit: p.Rate("limit_upload")},
	}
	p.Refuse("Google Cloud Storage has storage classes: use storage_class", "access_tier")
	p.Refuse("Google Cloud Storage has no tags on objects", "tags")
	p.Refuse("Google Cloud Storage encrypts with its own keys, or with a Cloud KMS key: use kms_key", "sse", "ssetype", "encryption_scope", "sse_c_key_file", "sse_c_key_env")
	return l, p.Err()
}

func (l *location) client(ctx context.Context, t *transport.Transport) (*storage.Client, error) {
	opts := []option.ClientOption{storage.WithJSONReads(), option.WithUserAgent("mailhaul")}
	if l.universe != "" {
		opts = append(opts, option.WithUniverseDomain(l.universe))
	}
	if l.anonymous || os.Getenv("STORAGE_EMULATOR_HOST") != "" {
		opts = append(opts, option.WithoutAuthentication(), option.WithHTTPClient(&http.Client{Transport: t}))
		return storage.NewClient(ctx, opts...)
	}
	// The source of tokens outlives this call, and uses the same transport as the store.
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: t})
	credentials, err := gcp.DefaultCredentialsWithParams(ctx, google.CredentialsParams{UniverseDomain: l.universe})
	if err != nil {
		return nil, noCredentials(err)
	}
	if err := checkKey(credentials.JSON); err != nil {
		return nil, err
	}
	client, err := gcp.NewHTTPClient(t, credentials.TokenSource)
	if err != nil {
		return nil, noCredentials(err)
	}
	return storage.NewClient(ctx, append(opts, option.WithHTTPClient(&client.Client))...)
}

// checkKey refuses a malformed key of a service account. The client would report it as trouble
// with the network.
func checkKey(credentials []byte) error {
	var account struct {
		Type       string `json:"type"`
		PrivateKey string `json:"private_key"`
	}
	if json.Unmarshal(credentials, &account) != nil || account.Type != "service_account" {
		return nil
	}
	if block, _ := pem.Decode([]byte(account.PrivateKey)); block == nil {
		return errors.New("credentials: the private key of the service account is not in PEM form")
	}
	return nil
}
