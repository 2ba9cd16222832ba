package snapshots

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// Acks are the acknowledgements of the gaps of one mailbox.
type Acks struct {
	all     []Ack // the oldest first
	gaps    map[ackKey][]*Ack
	damaged []*repository.CorruptError
}

// An Ack is an acknowledgement as a repository holds it.
type Ack struct {
	ID manifest.Digest `json:"id"` // of its stored bytes
	manifest.Ack
	Revoked *manifest.Ack `json:"revoked,omitempty"` // the earliest revocation
}

// Active reports whether the acknowledgement is valid at a time.
func (a *Ack) Active(now time.Time) bool { return a.Revoked == nil && now.Before(a.Until) }

// An Acknowledgement is who acknowledged a gap, why and until when.
type Acknowledgement struct {
	ID      manifest.Digest `json:"id"`
	By      string          `json:"by"`
	Reason  string          `json:"reason"`
	Created time.Time       `json:"created"`
	Until   time.Time       `json:"until"`
}

// An ackKey identifies the gap that an acknowledgement is for.
type ackKey struct {
	kind               manifest.AckKind
	folder, item, code string
}

func keyOf(a *manifest.Ack) ackKey { return ackKey{a.Kind, a.Folder, a.Item, a.Code} }

// ackReaders is the number of acknowledgements that are read at a time.
const ackReaders = 8

// LoadAcks reads the acknowledgements of a mailbox's gaps. Damaged ones acknowledge nothing, and
// are in Damaged.
func LoadAcks(ctx context.Context, repo *repository.Repository, mailbox string) (*Acks, error) {
	a := &Acks{gaps: map[ackKey][]*Ack{}}
	objects, err := repo.Acks(ctx, mailbox)
	if err := a.recordDamage(err); err != nil {
		return nil, err
	}
	var mu sync.Mutex
	revocations := map[manifest.Digest]*manifest.Ack{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(ackReaders)
	for _, o := range objects {
		g.Go(func() error {
			ack, _, err := LoadAck(ctx, repo, o)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case repository.IsNotFound(err): // a listing may show a write that was then not completed
			case err != nil:
				return a.recordDamage(err)
			case !ack.Revokes.IsZero():
				if first := revocations[ack.Revokes]; first == nil || ack.Created.Before(first.Created) {
					revocations[ack.Revokes] = ack
				}
			default:
				a.all = append(a.all, Ack{ID: o.Digest, Ack: *ack})
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	a.index(revocations)
	return a, nil
}

// recordDamage records a damaged object, and returns every other error.
func (a *Acks) recordDamage(err error) error {
	if damaged, ok := errors.AsType[*repository.CorruptError](err); ok {
		a.damaged = append(a.damaged, damaged)
		return nil
	}
	return err
}

// index sorts the acknowledgements and adds their revocations.
func (a *Acks) index(revocations map[manifest.Digest]*manifest.Ack) {
	slices.SortFunc(a.all, func(x, y Ack) int {
		return cmp.Or(x.Created.Compare(y.Created), slices.Compare(x.ID[:], y.ID[:]))
	})
	slices.SortFunc(a.damaged, func(x, y *repository.CorruptError) int { return cmp.Compare(x.Key, y.Key) })
	for i := range a.all {
		ack := &a.all[i]
		ack.Revoked = revocations[ack.ID]
		key := keyOf(&ack.Ack)
		a.gaps[key] = append(a.gaps[key], ack)
	}
}

// LoadAck reads one listed acknowledgement, and also returns its stored bytes. If the
// acknowledgement does not match its key, the error is a repository.CorruptError.
func LoadAck(ctx context.Context, repo *repository.Repository, o repository.Object) (*manifest.Ack, []byte, error) {
	data, err := repo.ReadAck(ctx, o.Mailbox, o.Digest)
	if err != nil {
		return nil, nil, err
	}
	ack, err := manifest.ParseAck(data)
	if err == nil && ack.Mailbox != o.Mailbox {
		err = fmt.Errorf("its mailbox is %.200q", ack.Mailbox)
	}
	if err != nil {
		return nil, nil, &repository.CorruptError{Key: o.Key, Err: err}
	}
	return ack, data, nil
}

// PutAck stores an acknowledgement and returns it with its id.
func PutAck(ctx context.Context, repo *repository.Repository, ack manifest.Ack) (Ack, error) {
	data, err := ack.Encode()
	if err != nil {
		return Ack{}, err
	}
	id := manifest.SumOf(data)
	_, err = repo.PutAck(ctx, ack.Mailbox, id, data)
	return Ack{ID: id, Ack: ack}, err
}

// All returns the acknowledgements without revocations, the oldest first.
func (a *Acks) All() []Ack { return a.all }

// Damaged returns the errors of acknowledgements that are damaged.
func (a *Acks) Damaged() []*repository.CorruptError { return a.damaged }

// find returns the acknowledgement of a gap that is valid at a time, or nil. Of several, it returns
// the one that expires last.
func (a *Acks) find(now time.Time, gap manifest.Ack) *Acknowledgement {
	var best *Ack
	for _, ack := range a.gaps[keyOf(&gap)] {
		if ack.Active(now) && gap.Missing <= ack.Missing && (best == nil || ack.Until.After(best.Until)) {
			best = ack
		}
	}
	if best == nil {
		return nil
	}
	return &Acknowledgement{best.ID, best.By, best.Reason, best.Created, best.Until}
}
