package gcs

import (
	"strings"

	"cloud.google.com/go/storage"
)

// An ignoredError is the error of a store, such as an emulator, that accepts an option and ignores
// it.
type ignoredError struct{ option string }

func (e *ignoredError) Error() string { return "the store ignores " + e.option }

// ignored returns an error if an object lacks an option.
func (o writeOptions) ignored(has *storage.ObjectAttrs) error {
	if has == nil {
		has = &storage.ObjectAttrs{}
	}
	switch {
	case o.class != "" && !strings.EqualFold(o.class, has.StorageClass):
		return &ignoredError{"storage_class"}
	case o.key != "" && !strings.HasPrefix(has.KMSKeyName, o.key): // the service adds the key's version
		return &ignoredError{"kms_key"}
	case o.lock.Hold && !has.TemporaryHold:
		return &ignoredError{"legal_hold"}
	case o.lock.For > 0 && (has.Retention == nil || has.Retention.Mode != o.mode()):
		return &ignoredError{"lock_mode"}
	}
	return nil
}
