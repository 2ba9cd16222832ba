package sinks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/sinks/dirblob"
	"github.com/mailhaul/mailhaul/sinks/s3blob"
)

// ErrURL is in the error of a URL that names no bucket.
var ErrURL = errors.New("it names no bucket")

// Open opens the bucket that a URL or a path names, and makes the directory of the
// latter. It may send nothing to the store:
//
//	s3://bucket/prefix          S3 and compatible stores; see package s3blob
//	file:///path, or a path     a directory
//	mem://                      memory, for tests
func Open(ctx context.Context, url string) (*blob.Bucket, error) { return open(ctx, url, true) }

// OpenExisting is Open without making a directory: one that is not there is an error
// that IsNotFound knows.
func OpenExisting(ctx context.Context, url string) (*blob.Bucket, error) {
	return open(ctx, url, false)
}

func open(_ context.Context, text string, create bool) (*blob.Bucket, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	if !isURL {
		return openDir(text, create)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s URL: %w", scheme, ErrURL)
	}
	switch scheme {
	case "file":
		return openFile(u, create)
	case "mem":
		return memblob.OpenBucket(nil), nil
	case "s3":
		return openS3(u)
	}
	return nil, fmt.Errorf("%s://%s: %w: want s3://, file:// or a path", u.Scheme, u.Host, ErrURL)
}

// openS3 opens what is below a prefix of a bucket.
func openS3(u *url.URL) (*blob.Bucket, error) {
	client, err := s3blob.NewClient(u)
	if err != nil {
		return nil, fmt.Errorf("s3://%s: %w", u.Host, err)
	}
	return below(s3blob.OpenBucket(client, u.Host), u.Path), nil
}

// below returns a bucket's part below the path of a URL.
func below(bucket *blob.Bucket, path string) *blob.Bucket {
	if prefix := strings.Trim(path, "/"); prefix != "" {
		return blob.PrefixedBucket(bucket, prefix+"/")
	}
	return bucket
}

// openFile opens the directory of a file URL, which has neither host nor parameters.
func openFile(u *url.URL, create bool) (*blob.Bucket, error) {
	if u.Host != "" && u.Host != "localhost" || u.RawQuery != "" || u.Path == "" {
		return nil, fmt.Errorf("file URL: %w: want file:///path", ErrURL)
	}
	path := u.Path
	if filepath.VolumeName(filepath.FromSlash(strings.TrimPrefix(path, "/"))) != "" {
		path = strings.TrimPrefix(path, "/") // file:///C:/path
	}
	return openDir(filepath.FromSlash(path), create)
}

func openDir(dir string, create bool) (*blob.Bucket, error) {
	if create {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("repository: %w", err)
		}
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", ErrNoRepository, err)
	case err != nil:
		return nil, fmt.Errorf("repository: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: %w: it is no directory", dir, ErrURL)
	}
	return dirblob.OpenBucket(dir)
}
