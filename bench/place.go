package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
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

// below is a place below a URL that was given; its credentials are in the environment.
func (l *lab) below(repo string) (place, error) {
	u, err := url.Parse(repo)
	if err != nil {
		return place{}, errors.New("the store's URL is no URL")
	}
	u.Path = strings.TrimRight(u.Path, "/") + fmt.Sprintf("/bench-%s/%d", l.id, l.places)
	var env []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			env = append(env, v)
		}
	}
	return place{url: u.String(), env: env, remove: func(ctx context.Context) error { return empty(ctx, u.String()) }}, nil
}

// empty deletes all that lies below a URL.
func empty(ctx context.Context, url string) error {
	bucket, err := sinks.Open(ctx, url)
	if err != nil {
		return err
	}
	defer bucket.Close()
	objects := bucket.List(&blob.ListOptions{})
	for {
		o, err := objects.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = bucket.Delete(ctx, o.Key)
		}
		if err != nil {
			return fmt.Errorf("empty the store: %w", err)
		}
	}
}
