package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/sinks"
)

// A place is where one run stores, empty when it begins.
type place struct {
	url    string
	env    []string // credentials
	given  bool     // it does not go with the lab
	remove func(context.Context) error
}

// place makes a place of a kind.
func (l *lab) place(ctx context.Context, s Store) (place, error) {
	l.places++
	switch s {
	case StoreNowhere:
		return place{url: Nowhere, remove: func(context.Context) error { return nil }}, nil
	case StoreFile:
		dir := filepath.Join(l.dir, fmt.Sprintf("place-%d", l.places))
		return place{url: dir, remove: func(context.Context) error { return os.RemoveAll(dir) }}, nil
	}
	if l.opts.Repo != "" {
		return l.below(l.opts.Repo)
	}
	if l.minio == nil {
		m, err := startMinIO(ctx, l.opts.MinIO, filepath.Join(l.dir, "minio"))
		if err != nil {
			return place{}, err
		}
		l.minio = m
	}
	return l.minio.place(ctx, fmt.Sprintf("bench-%d", l.places))
}

// below is a place below a URL that was given, among those that no repository takes for its own; its credentials are in the
// environment.
func (l *lab) below(repo string) (place, error) {
	u, err := url.Parse(repo)
	if err != nil {
		return place{}, errors.New("the store's URL is no URL")
	}
	prefix := fmt.Sprintf("%s%d/", l.prefix(), l.places)
	u.Path = strings.TrimRight(u.Path, "/") + "/" + strings.TrimRight(prefix, "/")
	var env []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			env = append(env, v)
		}
	}
	return place{url: u.String(), env: env, given: true, remove: func(ctx context.Context) error { return l.empty(ctx, prefix) }}, nil
}

// empty deletes all that lies below a prefix of the store that was given, and its versions. What may not be deleted
// disturbs no measurement: it is told in the end.
func (l *lab) empty(ctx context.Context, prefix string) error {
	bucket, err := sinks.Open(ctx, l.opts.Repo)
	if err != nil {
		return err
	}
	s := &scratch{prefix: prefix, url: l.opts.Repo, bucket: blob.PrefixedBucket(bucket, prefix)}
	left, err := s.empty(ctx)
	if left != nil {
		l.left = append(l.left, left.err())
	}
	return errors.Join(err, s.bucket.Close())
}
