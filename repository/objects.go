package repository

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
)

// The bounds of stored objects, in bytes.
const (
	maxPackSize = 64 << 20
	maxMetaSize = 64 << 20 // of a segment or a manifest
)

// PutPack stores a pack whose digest is d, and reports whether it is new. The pack is durable when
// PutPack returns.
func (r *Repository) PutPack(ctx context.Context, d manifest.Digest, data []byte) (isNew bool, err error) {
	return r.create(ctx, PackKey(d), data, d)
}

// PutSegment stores a segment whose digest is d, and reports whether it is new.
func (r *Repository) PutSegment(ctx context.Context, d manifest.Digest, data []byte) (isNew bool, err error) {
	return r.create(ctx, SegmentKey(d), data, d)
}

// PutManifest stores a snapshot manifest whose digest is d.
func (r *Repository) PutManifest(ctx context.Context, d manifest.Digest, data []byte) error {
	_, err := r.create(ctx, ManifestKey(d), data, d)
	return err
}

// create stores an object whose digest is d, and reports whether it is new. An existing object must
// have the same size; its name stands for the content. An object also counts as new after a
// repeated attempt, because an earlier one may have stored it.
func (r *Repository) create(ctx context.Context, key string, data []byte, d manifest.Digest) (isNew bool, err error) {
	existing := int64(-1) // bytes
	repeated, err := r.bucket.put(ctx, key, data, d, func(exists error) (err error) {
		existing, err = r.bucket.sizeOnce(ctx, key)
		if exists != nil && IsNotFound(err) {
			return errUnsettled
		}
		return err
	})
	switch {
	case err != nil:
		return false, err
	case existing >= 0 && existing != int64(len(data)) && key != configKey:
		return false, corrupt(key, "it exists with %d bytes, not %d", existing, len(data))
	}
	return existing < 0 || repeated, nil
}

// ReadManifest returns the stored bytes of a snapshot manifest, and checks their digest.
func (r *Repository) ReadManifest(ctx context.Context, d manifest.Digest) ([]byte, error) {
	return r.bucket.readChecked(ctx, ManifestKey(d), d, maxMetaSize)
}

// ReadSegment returns the stored bytes of a segment, and checks their digest and number.
func (r *Repository) ReadSegment(ctx context.Context, d manifest.Digest, size int64) ([]byte, error) {
	data, err := r.bucket.readChecked(ctx, SegmentKey(d), d, maxMetaSize)
	if err == nil && int64(len(data)) != size {
		return nil, corrupt(SegmentKey(d), "%d bytes, but the manifest says %d", len(data), size)
	}
	return data, err
}

// ReadPack returns the stored bytes of a pack, and checks their digest.
func (r *Repository) ReadPack(ctx context.Context, d manifest.Digest) ([]byte, error) {
	return r.bucket.readChecked(ctx, PackKey(d), d, maxPackSize)
}
