package repository

import (
	"context"
	"io"
	"iter"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/repository/store"
)

// Objects lists all objects. The sequence ends after its first error.
func (r *Repository) Objects(ctx context.Context) iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		for o, err := range r.bucket.list(ctx, nil) {
			if err != nil {
				yield(Object{}, err)
				return
			}
			object := classify(o.Key, o.Size)
			if err := irregular(o); err != nil {
				object = Object{Key: o.Key, Kind: KindIrregular, Err: err}
			}
			if !yield(object, nil) {
				return
			}
		}
	}
}

// irregular returns why an entry of a list is not an object, or nil.
func irregular(o *blob.ListObject) error {
	var err *store.Error
	if o.As(&err) {
		return err
	}
	return nil
}

// maxStale is how many keys in a row a list may have that are not greater than all before. Stores
// list keys in order, but some sort "/" before all other characters.
const maxStale = 10_000

var errNoEnd = &store.Error{
	Kind:   store.Other,
	Reason: "the list does not end: it repeats what it has shown",
	Remedy: "the store does not list objects as it should: check the endpoint in --repo and what is between, and run mailhaul doctor",
}

// list lists objects. The sequence ends after its first error.
func (b *bucket) list(ctx context.Context, opts *blob.ListOptions) iter.Seq2[*blob.ListObject, error] {
	return func(yield func(*blob.ListObject, error) bool) {
		last, stale := "", 0
		for it := b.below.List(opts); ; {
			o, err := b.next(ctx, it)
			switch {
			case err == io.EOF:
				return
			case err != nil:
			case o.Key > last:
				last, stale = o.Key, 0
			default:
				stale++
			}
			if stale > maxStale {
				o, err = nil, store.Wrap("list", "", errNoEnd)
			}
			if !yield(o, err) || err != nil {
				return
			}
		}
	}
}
