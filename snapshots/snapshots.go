package snapshots

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// ErrNone is in the error of a mailbox or a snapshot that the repository does not hold.
var ErrNone = errors.New("no such snapshot")

// A Snapshot is a manifest and the repository that its rows are read from.
type Snapshot struct {
	*manifest.Snapshot
	Digest manifest.Digest // of the manifest's stored bytes
	repo   *repository.Repository
}

// Latest reads the mailbox's last snapshot. If the mailbox has none, the error is ErrNone.
func Latest(ctx context.Context, repo *repository.Repository, mailbox string) (*Snapshot, error) {
	refs, err := repo.Refs(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	if len(refs) == 0 {
		return nil, fmt.Errorf("mailbox %s: %w", mailbox, ErrNone)
	}
	return Load(ctx, repo, mailbox, refs[len(refs)-1])
}

// Load reads the snapshot of one run of the mailbox. If there is none, the error is ErrNone.
func Load(ctx context.Context, repo *repository.Repository, mailbox string, sequence uint64) (*Snapshot, error) {
	s, _, err := LoadStored(ctx, repo, mailbox, sequence)
	return s, err
}

// LoadStored is Load, and also returns the manifest's stored bytes.
func LoadStored(ctx context.Context, repo *repository.Repository, mailbox string, sequence uint64) (*Snapshot, []byte, error) {
	ref, err := LoadRef(ctx, repo, mailbox, sequence)
	if err != nil {
		return nil, nil, err
	}
	data, err := repo.ReadManifest(ctx, ref.Manifest)
	if err != nil {
		return nil, nil, fmt.Errorf("mailbox %s, snapshot %d: %w", mailbox, sequence, err)
	}
	s, err := resolve(repo, mailbox, sequence, ref, data)
	return s, data, err
}

// LoadRef reads one ref of the mailbox. If there is none, the error is ErrNone.
func LoadRef(ctx context.Context, repo *repository.Repository, mailbox string, sequence uint64) (manifest.Ref, error) {
	data, err := repo.ReadRef(ctx, mailbox, sequence)
	if repository.IsNotFound(err) {
		return manifest.Ref{}, fmt.Errorf("mailbox %s, snapshot %d: %w", mailbox, sequence, ErrNone)
	}
	if err != nil {
		return manifest.Ref{}, err
	}
	ref, err := manifest.ParseRef(data)
	if err != nil {
		return manifest.Ref{}, fmt.Errorf("mailbox %s, snapshot %d: %w", mailbox, sequence, err)
	}
	return ref, nil
}

// resolve parses the manifest that a ref names and checks it against the ref.
func resolve(repo *repository.Repository, mailbox string, sequence uint64, ref manifest.Ref, data []byte) (*Snapshot, error) {
	s, err := manifest.ParseSnapshot(data)
	if err != nil {
		return nil, fmt.Errorf("mailbox %s, snapshot %d, manifest %s: %w", mailbox, sequence, ref.Manifest, err)
	}
	if s.Mailbox.ID != mailbox || s.Sequence != sequence {
		return nil, fmt.Errorf("mailbox %s, snapshot %d: manifest %s is of mailbox %.200q, snapshot %d",
			mailbox, sequence, ref.Manifest, s.Mailbox.ID, s.Sequence)
	}
	if s.Ref(ref.Manifest) != ref {
		return nil, fmt.Errorf("mailbox %s, snapshot %d: the ref has another state or time than its manifest %s",
			mailbox, sequence, ref.Manifest)
	}
	return &Snapshot{Snapshot: s, Digest: ref.Manifest, repo: repo}, nil
}

// Rows returns every row of every segment in order, including tombstones and rows that a later row
// replaces. One segment is in memory at a time. The sequence ends after its first error.
func (s *Snapshot) Rows(ctx context.Context) iter.Seq2[manifest.Row, error] {
	return s.rows(ctx, NewSegmentCache(s.repo, 0))
}

func (s *Snapshot) rows(ctx context.Context, segments *SegmentCache) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		for _, segment := range s.Segments {
			data, err := segments.Read(ctx, segment)
			if err != nil {
				yield(manifest.Row{}, err)
				return
			}
			for row, err := range segment.ReadRows(data) {
				if !yield(row, err) || err != nil {
					return
				}
			}
		}
	}
}

// maxKept bounds the stored bytes of segments that Items keeps for its second pass: those of about
// 50,000 items.
const maxKept = 16 << 20

// Items returns the row of each item that the snapshot holds, once. It passes over the segments
// twice, and reads those beyond the first 16 MiB twice. The sequence ends after its first error.
func (s *Snapshot) Items(ctx context.Context) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		overlay, segments := rows.NewOverlay(s.Snapshot), NewSegmentCache(s.repo, maxKept)
		for row, err := range s.rows(ctx, segments) {
			if err != nil {
				yield(row, err)
				return
			}
			overlay.Apply(&row)
		}
		for row, err := range s.rows(ctx, segments) {
			live := false
			if err == nil {
				_, live = overlay.Next(&row)
			}
			if (live || err != nil) && !yield(row, err) {
				return
			}
		}
	}
}
