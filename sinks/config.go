package sinks

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
	if err := json.Unmarshal(data, &c); err != nil {
		return c, corrupt(configKey, "%w", err)
	}
	again, err := c.encode()
	if err != nil || !bytes.Equal(again, data) || c.Format != formatVersion || c.ID == "" {
		return c, corrupt(configKey, "it is not what was written")
	}
	return c, nil
}

// OpenRepository opens the repository in a bucket, which it closes with the
// repository. A bucket that has none is ErrNoRepository.
func OpenRepository(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r := &Repository{bucket: bucket}
	data, err := r.read(ctx, configKey, maxConfigSize)
	if IsNotFound(err) {
		return nil, fmt.Errorf("%w: %w", ErrNoRepository, err)
	}
	if err != nil {
		return nil, err
	}
	_, err = parseConfig(data)
	return r, err
}

// InitRepository opens the repository in a bucket, and creates it if there is none. A
// place that holds something else is ErrNotEmpty, and a store that would overwrite what
// is there, against the condition, ErrOverwrites.
func InitRepository(ctx context.Context, bucket *blob.Bucket) (*Repository, error) {
	r, err := OpenRepository(ctx, bucket)
	if !errors.Is(err, ErrNoRepository) {
		return r, err
	}
	r = &Repository{bucket: bucket}
	if err := r.checkEmpty(ctx); err != nil {
		return nil, err
	}
	data, err := newConfig().encode()
	if err != nil {
		return nil, err
	}
	d := manifest.SumOf(data)
	isNew, err := r.create(ctx, configKey, data, d)
	if err != nil {
		return nil, err
	}
	if isNew {
		// The commit of a snapshot relies on this refusal.
		if err := r.put(ctx, configKey, data, d); err == nil {
			return nil, fmt.Errorf("%s: %w", configKey, ErrOverwrites)
		}
	}
	return OpenRepository(ctx, bucket) // another run's config may have been the first
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
