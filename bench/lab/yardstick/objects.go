package yardstick

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/mailhaul/mailhaul/bench/nowhere"
)

// putObject stores one object.
type putObject func(ctx context.Context, name string, data []byte) error

// openObjects returns a function that stores the baseline's objects below a URL or in a directory.
func openObjects(storeURL string) (putObject, error) {
	switch {
	case storeURL == nowhere.URL:
		return func(context.Context, string, []byte) error { return nil }, nil
	case strings.HasPrefix(storeURL, "s3://"):
		return openS3Objects(storeURL)
	}
	if err := os.MkdirAll(storeURL, 0o777); err != nil {
		return nil, err
	}
	return func(_ context.Context, name string, data []byte) error {
		return os.WriteFile(filepath.Join(storeURL, fileName(name)), data, 0o666)
	}, nil
}

// fileName returns an item's file name or key.
func fileName(id string) string { return url.QueryEscape(id) + ".zst" }

func openS3Objects(storeURL string) (putObject, error) {
	u, err := url.Parse(storeURL)
	if err != nil {
		return nil, errors.New("the store's URL is malformed") // err shows the URL, which may hold secrets
	}
	endpoint, err := url.Parse(u.Query().Get("endpoint"))
	if err != nil || endpoint.Host == "" {
		return nil, fmt.Errorf("s3://%s: the baseline needs a URL with an endpoint", u.Host)
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds: credentials.NewEnvAWS(), Secure: endpoint.Scheme == "https", Region: u.Query().Get("region"),
	})
	if err != nil {
		return nil, err
	}
	prefix := strings.TrimPrefix(u.Path, "/")
	return func(ctx context.Context, name string, data []byte) error {
		_, err := client.PutObject(ctx, u.Host, path.Join(prefix, fileName(name)), bytes.NewReader(data), int64(len(data)), minio.PutObjectOptions{})
		return err
	}, nil
}
