package repository

import (
	"context"

	"gocloud.dev/blob"

	"github.com/mailhaul/mailhaul/manifest"
)

const maxAckSize = 16 << 10 // bytes

// PutAck stores an acknowledgement about a mailbox, whose digest is d, and reports whether it is
// new.
func (r *Repository) PutAck(ctx context.Context, mailbox string, d manifest.Digest, data []byte) (isNew bool, err error) {
	return r.create(ctx, AckKey(mailbox, d), data, d)
}

// ReadAck returns the stored bytes of an acknowledgement, and checks their digest.
func (r *Repository) ReadAck(ctx context.Context, mailbox string, d manifest.Digest) ([]byte, error) {
	return r.bucket.readChecked(ctx, AckKey(mailbox, d), d, maxAckSize)
}

// The bounds of a mailbox's acknowledgements, in bytes. Each counts as leastAck or more, so that
// there are at most 262,144; those that the program writes reach the bound at about 100,000.
const (
	maxAcks  = 64 << 20
	leastAck = 256
)

// Acks lists the acknowledgements about a mailbox, in the order of their digests. More than 64 MiB
// of them are a CorruptError.
func (r *Repository) Acks(ctx context.Context, mailbox string) ([]Object, error) {
	var acks []Object
	var bytes int64
	for o, err := range r.bucket.list(ctx, &blob.ListOptions{Prefix: mailboxAckDir(mailbox)}) {
		if err != nil {
			return nil, err
		}
		ack := classify(o.Key, o.Size)
		if ack.Kind != KindAck {
			continue
		}
		if bytes += max(o.Size, leastAck); bytes > maxAcks {
			return nil, corrupt(mailboxAckDir(mailbox), "more than %d bytes of acknowledgements", maxAcks)
		}
		acks = append(acks, ack)
	}
	return acks, nil
}
