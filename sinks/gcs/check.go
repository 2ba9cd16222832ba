package gcs

import (
	"strings"

	"cloud.google.com/go/storage"

	"github.com/mailhaul/mailhaul/sinks/internal/layer"
)

// ignored returns an error if an object lacks an option.
func (o writeOptions) ignored(has *storage.ObjectAttrs) error {
	if has == nil {
		has = &storage.ObjectAttrs{}
	}
	switch {
	case o.class != "" && !strings.EqualFold(o.class, has.StorageClass):
		return layer.Ignores("storage_class")
	case o.key != "" && !strings.HasPrefix(has.KMSKeyName, o.key): // the service adds the key's version
		return layer.Ignores("kms_key")
	case o.lock.Hold && !has.TemporaryHold:
		return layer.Ignores("legal_hold")
	case o.lock.For > 0 && (has.Retention == nil || has.Retention.Mode != o.mode()):
		return layer.Ignores("lock_mode")
	}
	return nil
}
