package repository

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository/store"
)

const maxRefSize = 4 << 10 // bytes

// finalReadTime bounds the time to find out whether a ref exists after its creation failed.
const finalReadTime = 15 * time.Second

// CreateRef commits a run by storing its ref. The error is ErrRefExists if another run has stored
// that ref. It is nil if the existing ref has the same bytes: the store may have taken it in an
// attempt whose answer was lost.
func (r *Repository) CreateRef(ctx context.Context, mailbox string, sequence uint64, data []byte) error {
	key := RefKey(mailbox, sequence)
	var existing []byte
	_, err := r.bucket.put(ctx, key, data, manifest.SumOf(data), func(exists error) (err error) {
		if exists != nil {
			return exists
		}
		existing, err = r.bucket.readOnce(ctx, key, maxRefSize)
		return err
	})
	if err == nil && existing == nil {
		return nil
	}
	if err != nil {
		if existing, err = r.refAfter(ctx, key, err); err != nil {
			return err
		}
	}
	if bytes.Equal(existing, data) {
		return nil
	}
	return fmt.Errorf("%s: %w", key, ErrRefExists)
}

// refAfter returns the bytes of a ref whose creation failed. It returns that error if no ref
// exists, or nothing if a damaged one does. A cancelled caller needs to know too, but waits only
// for finalReadTime.
func (r *Repository) refAfter(ctx context.Context, key string, failed error) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finalReadTime)
	defer cancel()
	isRefused := store.Is(failed, store.Exists)
	data, err := r.readRef(ctx, key, isRefused)
	switch {
	case err == nil:
		return data, nil
	case !isRefused:
		return nil, failed
	case isOf[*CorruptError](err):
		return nil, nil
	}
	return nil, store.Wrap("write", key, err) // it is unknown whose ref exists
}

// readRef returns the bytes of a ref. One that mustExist is awaited until the store shows it.
func (r *Repository) readRef(ctx context.Context, key string, mustExist bool) (data []byte, err error) {
	err = r.bucket.do(ctx, "read", key, func() error {
		data, err = r.bucket.readOnce(ctx, key, maxRefSize)
		if mustExist && IsNotFound(err) {
			return errUnsettled
		}
		return err
	})
	return data, err
}

// ReadRef returns the stored bytes of a ref.
func (r *Repository) ReadRef(ctx context.Context, mailbox string, sequence uint64) ([]byte, error) {
	return r.readRef(ctx, RefKey(mailbox, sequence), false)
}

// Mailboxes returns the sorted ids of the mailboxes that have a snapshot.
func (r *Repository) Mailboxes(ctx context.Context) ([]string, error) {
	var ids []string
	for o, err := range r.bucket.list(ctx, &blob.ListOptions{Prefix: refDir, Delimiter: "/"}) {
		if err != nil {
			return nil, err
		}
		if !o.IsDir && irregular(o) == nil {
			continue
		}
		if id, ok := unescape(strings.TrimSuffix(o.Key[len(refDir):], "/")); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Refs returns the numbers of a mailbox's runs, in order. They count from 1; a missing number is a
// CorruptError.
func (r *Repository) Refs(ctx context.Context, mailbox string) ([]uint64, error) {
	var refs []uint64
	for o, err := range r.bucket.list(ctx, &blob.ListOptions{Prefix: mailboxDir(mailbox)}) {
		if err != nil {
			return nil, err
		}
		if _, sequence, ok := parseRef(o.Key); ok {
			refs = append(refs, sequence)
		}
	}
	slices.Sort(refs)
	for i, sequence := range refs {
		if want := uint64(i + 1); sequence != want {
			return nil, corrupt(RefKey(mailbox, want), "it is missing, but run %d exists", sequence)
		}
	}
	return refs, nil
}
