package lab

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/bench/internal/scratch"
	"github.com/mailhaul/mailhaul/bench/nowhere"
	"github.com/mailhaul/mailhaul/sinks"
)

// A scratchStore is an empty store for one run.
type scratchStore struct {
	url    string
	env    []string // credentials
	remote bool     // in Options.Repo; other stores are gone when the lab is closed
	remove func(context.Context) error
}

// withStore calls f with an empty store and removes the store.
func (l *lab) withStore(ctx context.Context, kind Store, f func(scratchStore) error) error {
	s, err := l.newStore(ctx, kind)
	if err != nil {
		return err
	}
	err = f(s)
	if ctx.Err() != nil && !s.remote {
		return err // its server has ended
	}
	if removeErr := s.remove(context.WithoutCancel(ctx)); removeErr != nil {
		err = errors.Join(err, fmt.Errorf("empty the store: %w", removeErr))
	}
	return err
}

func (l *lab) newStore(ctx context.Context, kind Store) (scratchStore, error) {
	l.stores++
	switch kind {
	case StoreNowhere:
		return scratchStore{url: nowhere.URL, remove: func(context.Context) error { return nil }}, nil
	case StoreFile:
		dir := filepath.Join(l.dir, fmt.Sprintf("store-%d", l.stores))
		return scratchStore{url: dir, remove: func(context.Context) error { return os.RemoveAll(dir) }}, nil
	}
	if l.opts.Repo != "" {
		return l.remoteStore()
	}
	if l.minio == nil {
		m, err := startMinIO(ctx, l.opts.MinIO, filepath.Join(l.dir, "minio"))
		if err != nil {
			return scratchStore{}, err
		}
		l.minio = m
	}
	return l.minio.newStore(ctx, fmt.Sprintf("bench-%d", l.stores))
}

// remoteStore returns a store below a prefix of Options.Repo.
func (l *lab) remoteStore() (scratchStore, error) {
	u, err := url.Parse(l.opts.Repo)
	if err != nil {
		return scratchStore{}, errors.New("the store's URL is malformed") // err shows the URL, which may hold secrets
	}
	prefix := fmt.Sprintf("%s%d/", l.prefix, l.stores)
	u.Path = strings.TrimRight(u.Path, "/") + "/" + strings.TrimRight(prefix, "/")
	var env []string
	for _, v := range os.Environ() {
		if strings.HasPrefix(v, "AWS_") {
			env = append(env, v)
		}
	}
	remove := func(ctx context.Context) error { return l.empty(ctx, prefix) }
	return scratchStore{url: u.String(), env: env, remote: true, remove: remove}, nil
}

// empty deletes everything below a prefix of Options.Repo. Objects that cannot be deleted do not
// disturb other runs, so they fail the benchmark only in the end.
func (l *lab) empty(ctx context.Context, prefix string) error {
	bucket, err := sinks.Open(ctx, l.opts.Repo)
	if err != nil {
		return err
	}
	bucket = blob.PrefixedBucket(bucket, prefix)
	left, err := scratch.Empty(ctx, bucket, l.opts.Repo, prefix)
	if left != nil {
		l.leftovers = append(l.leftovers, left.Err())
	}
	return errors.Join(err, bucket.Close())
}
