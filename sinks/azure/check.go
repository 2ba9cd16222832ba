package azure

import (
	"context"
	"strings"

	azure "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

// An ignoredError is the error of a store, such as an emulator, that accepts an option and ignores
// it.
type ignoredError struct{ option string }

func (e *ignoredError) Error() string { return "the store ignores " + e.option }

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
		return &ignoredError{"access_tier"}
	case w.scope != "" && w.scope != value(has.EncryptionScope):
		return &ignoredError{"encryption_scope"}
	case w.lock.Hold && !value(has.LegalHold):
		return &ignoredError{"legal_hold"}
	case w.lock.For > 0 && !strings.EqualFold(string(w.mode()), string(value(has.ImmutabilityPolicyMode))):
		return &ignoredError{"lock_mode"}
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
