package azure

import (
	"context"
	"strings"

	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"

	"github.com/mailhaul/mailhaul/sinks/internal/layer"
)

// check makes sure, once for a container, that an object has the options.
func (p *putter) check(ctx context.Context, key string) error {
	if p.checked.Load() {
		return nil
	}
	if w := p.write; w.scope != "" || w.tier != "" || w.lock.Hold || w.lock.For > 0 {
		has, err := p.client.NewBlobClient(key).GetProperties(ctx, nil)
		if err == nil {
			err = w.ignored(has)
		}
		if err != nil {
			return err
		}
	}
	p.checked.Store(true)
	return nil
}

// ignored returns an error if an object lacks an option. Tags need no check: a service without them
// refuses them.
func (w writeOptions) ignored(has azure.GetPropertiesResponse) error {
	switch {
	case w.tier != "" && !strings.EqualFold(w.tier, value(has.AccessTier)):
		return layer.Ignores("access_tier")
	case w.scope != "" && w.scope != value(has.EncryptionScope):
		return layer.Ignores("encryption_scope")
	case w.lock.Hold && !value(has.LegalHold):
		return layer.Ignores("legal_hold")
	case w.lock.For > 0 && !strings.EqualFold(string(w.mode()), string(value(has.ImmutabilityPolicyMode))):
		return layer.Ignores("lock_mode")
	}
	return nil
}

// value returns what p points to, or the zero value.
func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
