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
	"github.com/mailhaul/mailhaul/repository/store"
)

const (
	formatVersion = 1
	maxConfigSize = 64 << 10
)

// A config describes a repository. Its key holds no digest, so the object contains one: that of
// the same object without it.
type config struct {
	Format  int             `json:"format"`
	ID      string          `json:"id"`
	Created time.Time       `json:"created"`
	SHA256  manifest.Digest `json:"sha256,omitzero"`
}

func newConfig() config {
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
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

// parseConfig reads a config. A newer format is recognised by its version alone.
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

// Info describes a repository.
type Info struct {
	Format  int       `json:"format"`
	ID      string    `json:"id"` // 32 hexadecimal digits
	Created time.Time `json:"created"`
}

// Inspect describes the repository in a bucket, and writes nothing. The error is ErrNoRepository if
// the bucket is empty, and ErrNotEmpty if it holds something else.
func Inspect(ctx context.Context, bucket *blob.Bucket) (Info, error) {
	r := newRepository(bucket)
	c, _, err := r.config(ctx)
	if errors.Is(err, ErrNoRepository) {
		if emptyErr := r.checkEmpty(ctx); emptyErr != nil {
			err = emptyErr
		}
	}
	return Info{Format: c.Format, ID: c.ID, Created: c.Created}, err
}

// config returns the repository's config, and its stored bytes.
func (r *Repository) config(ctx context.Context) (c config, data []byte, err error) {
	data, err = r.bucket.read(ctx, configKey, maxConfigSize)
	switch {
	case store.Is(err, store.NoBucket):
		return c, nil, fmt.Errorf("%w: %w", ErrNoBucket, err)
	case IsNotFound(err):
		return c, nil, fmt.Errorf("%w: %w", ErrNoRepository, err)
	case err != nil:
		return c, nil, err
	}
	c, err = parseConfig(data)
	return c, data, err
}

// Open opens the repository in a bucket. The repository's Close closes the bucket. The error is
// ErrNoRepository if the bucket holds none.
func Open(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r := newRepository(bucket)
	if _, _, err := r.config(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// Init opens the repository in a bucket for writing, and creates it if the bucket is empty. The
// error is ErrNotEmpty if the bucket holds something else, and ErrOverwrites if the store ignores
// conditions. When Init returns, the store has accepted a write.
func Init(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r := newRepository(bucket)
	_, data, err := r.config(ctx)
	if errors.Is(err, ErrNoRepository) {
		data, err = r.initialise(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r, r.checkRefusal(ctx, data)
}

// initialise creates a repository, and returns the stored bytes of its config. That is another
// run's config if that run was first.
func (r *Repository) initialise(ctx context.Context) ([]byte, error) {
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

// checkRefusal writes the existing config once more. The store must refuse that: a commit relies on
// the refusal of a ref that another run has created. Credentials that may not write are found here
// too, before anything is exported.
func (r *Repository) checkRefusal(ctx context.Context, config []byte) error {
	_, err := r.bucket.put(ctx, configKey, config, manifest.SumOf(config), nil)
	switch {
	case err == nil:
		return fmt.Errorf("%s: %w", configKey, ErrOverwrites)
	case store.Is(err, store.Exists):
		return nil
	}
	return err
}

// checkEmpty returns an error if the bucket holds anything but a config, which another run may
// create at this moment.
func (r *Repository) checkEmpty(ctx context.Context) error {
	for o, err := range r.bucket.list(ctx, nil) {
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
