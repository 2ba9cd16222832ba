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
	"unicode/utf8"

	"gocloud.dev/blob"
	"gocloud.dev/blob/memblob"

	"github.com/mailhaul/mailhaul/repository"
	"github.com/mailhaul/mailhaul/sinks/azure"
	"github.com/mailhaul/mailhaul/sinks/dirblob"
	"github.com/mailhaul/mailhaul/sinks/gcs"
	"github.com/mailhaul/mailhaul/sinks/internal/params"
	"github.com/mailhaul/mailhaul/sinks/s3blob"
)

// ErrURL means that a URL names no bucket.
var ErrURL = errors.New("it names no bucket")

// ErrPrefix means that not every store accepts a URL's prefix.
var ErrPrefix = errors.New(`it has an empty part, "." or "..", or a character that not every store takes`)

// Open opens the bucket that a URL or a path names, and creates the directory of a path. It sends
// nothing to the store:
//
//	s3://bucket/prefix         S3 and compatible stores; see package s3blob
//	azblob://container/prefix  Azure Blob Storage; see package azure
//	gs://bucket/prefix         Google Cloud Storage; see package gcs
//	file:///path, or a path    a directory; see package dirblob
//	mem://                     memory, for tests
//
// Parameters after "?" say how to reach the store, and which options new objects have; the packages
// list them. A parameter that the store does not have is an error.
func Open(ctx context.Context, url string) (*blob.Bucket, error) { return open(ctx, url, true) }

// OpenExisting is Open for a directory that must exist: the error is repository.ErrNoRepository if
// it does not.
func OpenExisting(ctx context.Context, url string) (*blob.Bucket, error) {
	return open(ctx, url, false)
}

func open(ctx context.Context, text string, create bool) (*blob.Bucket, error) {
	scheme, _, isURL := strings.Cut(text, "://")
	if !isURL {
		return openDir(text, create)
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("%s URL: %w", scheme, ErrURL)
	}
	if u.User != nil || u.Fragment != "" || u.Opaque != "" {
		return nil, fmt.Errorf("%s URL: %w: want no name or password in it, and no #", scheme, ErrURL)
	}
	if scheme == "file" {
		return openFile(u, create)
	}
	bucket, err := openStore(ctx, u)
	if err != nil {
		return nil, fmt.Errorf("%s://%s: %w", u.Scheme, u.Host, err)
	}
	return bucket, nil
}

// openStore opens a bucket, or the part of it below a prefix.
func openStore(ctx context.Context, u *url.URL) (bucket *blob.Bucket, err error) {
	prefix, err := prefixOf(u)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "s3":
		bucket, err = s3blob.Open(u)
	case "azblob":
		bucket, err = azure.Open(ctx, u)
	case "gs":
		bucket, err = gcs.Open(ctx, u)
	case "mem":
		bucket, err = memblob.OpenBucket(nil), params.Of(u).Err()
	default:
		return nil, fmt.Errorf("%w: want s3://, azblob://, gs://, file:// or a path", ErrURL)
	}
	if err != nil || prefix == "" {
		return bucket, err
	}
	return blob.PrefixedBucket(bucket, prefix+"/"), nil
}

// prefixOf returns the prefix that is a URL's path. It refuses a prefix that not all stores accept.
func prefixOf(u *url.URL) (string, error) {
	prefix := strings.Trim(u.Path, "/")
	isSpecial := func(c rune) bool {
		return c < ' ' || c == 0x7f || c == utf8.RuneError || strings.ContainsRune(`\"#%?*:|<>`, c)
	}
	if prefix != "" && (!fs.ValidPath(prefix) || strings.ContainsFunc(prefix, isSpecial) || strings.Contains(prefix, "__0x")) {
		return "", fmt.Errorf("the prefix %.200q: %w", prefix, ErrPrefix)
	}
	return prefix, nil
}

// openFile opens the directory of a file URL, which has no host and no parameters.
func openFile(u *url.URL, create bool) (*blob.Bucket, error) {
	if err := params.Of(u).Err(); err != nil {
		return nil, fmt.Errorf("file://%s: %w: a directory has none", u.Path, err)
	}
	if u.Host != "" && u.Host != "localhost" || u.Path == "" {
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
		bucket, err := dirblob.CreateBucket(dir)
		if err != nil {
			return nil, fmt.Errorf("repository: %w", err)
		}
		return bucket, nil
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %w", repository.ErrNoRepository, err)
	case err != nil:
		return nil, fmt.Errorf("repository: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s: %w: it is no directory", dir, ErrURL)
	}
	return dirblob.OpenBucket(dir)
}
