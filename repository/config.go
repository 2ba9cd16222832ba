package repository

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/manifest"
)

const (
	formatVersion = 1
	maxConfigSize = 64 << 10
)

// A config is what a repository says of itself. No digest names the object, so it
// carries its own, of the same object without it.
type config struct {
	Format  int             `json:"format"`
	ID      string          `json:"id"`
	Created time.Time       `json:"created"`
	SHA256  manifest.Digest `json:"sha256,omitzero"`
}

func newConfig() config {
	var id [16]byte
	_, _ = rand.Read(id[:]) // it never fails
	return config{Format: formatVersion, ID: hex.EncodeToString(id[:]), Created: time.Now().UTC().Truncate(time.Second)}
}

func (c config) encode() ([]byte, error) {
	c.SHA256 = manifest.Digest{}
	plain, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	c.SHA256 = manifest.SumOf(plain)
	data, err := json.Marshal(c)
	return append(data, '\n'), err
}

// parseConfig reads a config. One of a newer format is told by its version alone.
func parseConfig(data []byte) (config, error) {
	var c config
	var version struct{ Format int }
	if err := json.Unmarshal(data, &version); err == nil && version.Format > formatVersion {
		return c, fmt.Errorf("%s: format %d: %w (%d)", configKey, version.Format, ErrNewerFormat, formatVersion)
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		return c, fmt.Errorf("%s: %w", configKey, ErrNoStore)
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, corrupt(configKey, "%w", err)
	}
	again, err := c.encode()
	if err != nil || !bytes.Equal(again, data) || c.Format != formatVersion || c.ID == "" {
		return c, corrupt(configKey, "it is not what was written")
	}
	return c, nil
}

// Info is what a repository says of itself.
type Info struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"` // 32 hexadecimal digits
	Created time.Time `json:"created"`
}

// Inspect returns what the repository in a bucket says of itself, and writes nothing. A
// place for a new one is ErrNoRepository, and one that holds something else ErrNotEmpty.
func Inspect(ctx context.Context, bucket *blob.Bucket) (Info, error) {
	r := &Repository{bucket: bucket}
	c, _, err := r.config(ctx)
	if errors.Is(err, ErrNoRepository) {
		if there := r.checkEmpty(ctx); there != nil {
			err = there
		}
	}
	return Info{Format: c.Format, ID: c.ID, Created: c.Created}, err
}

// config returns what a repository says of itself, and the stored bytes.
func (r *Repository) config(ctx context.Context) (c config, data []byte, err error) {
	data, err = r.read(ctx, configKey, maxConfigSize)
	switch {
	case IsNotFound(err) && isNoBucket(err):
		return c, nil, fmt.Errorf("%w: %w", ErrNoBucket, err)
	case IsNotFound(err):
		return c, nil, fmt.Errorf("%w: %w", ErrNoRepository, err)
	case err != nil:
		return c, nil, err
	}
	c, err = parseConfig(data)
	return c, data, err
}

// Open opens the repository in a bucket, which it closes with the
// repository. A bucket that has none is ErrNoRepository.
func Open(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r := &Repository{bucket: bucket}
	if _, _, err := r.config(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Init opens the repository in a bucket for writing, and creates it if there is
// none. A place that holds something else is ErrNotEmpty, and a store that would overwrite
// what is there, against the condition, ErrOverwrites. That writes are allowed is known
// when it returns.
func Init(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r := &Repository{bucket: bucket}
	_, data, err := r.config(ctx)
	if errors.Is(err, ErrNoRepository) {
		data, err = r.found(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, r.checkRefusal(ctx, data)
}

// found creates a repository, and returns the stored bytes of its config, which may be
// another run's that was first.
func (r *Repository) found(ctx context.Context) ([]byte, error) {
	if err := r.checkEmpty(ctx); err != nil {
		return nil, err
	}
	data, err := newConfig().encode()
	if err != nil {
		return nil, err
	}
	if _, err := r.create(ctx, configKey, data, manifest.SumOf(data)); err != nil {
		return nil, err
	}
	_, data, err = r.config(ctx)
	return data, err
}

// checkRefusal writes again what is there. The store must refuse it, for that is how the
// commit of a snapshot fails that another run was first to make; and it tells here, before
// anything is exported, if the credentials may not write.
func (r *Repository) checkRefusal(ctx context.Context, config []byte) error {
	err := r.retry.do(ctx, "write", configKey, func() error { return r.put(ctx, configKey, config, manifest.SumOf(config)) })
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", configKey, ErrOverwrites)
	case isRefused(err):
		return nil
	}
	return &storeError{"write", configKey, err}
}

// checkEmpty makes sure that there is nothing, unless it is what another run creates at
// this moment.
func (r *Repository) checkEmpty(ctx context.Context) error {
	for o, err := range r.list(ctx, nil) {
		switch {
		case err != nil:
			return err
		case o.Key == configKey:
			return nil
		case strings.HasPrefix(o.Key, ScratchDir):
			continue
		}
		return fmt.Errorf("%.200s is there, and no %s: %w", o.Key, configKey, ErrNotEmpty)
	}
	return nil
}
