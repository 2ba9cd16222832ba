package snapshots

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// ErrNone is in the error of a mailbox or a snapshot that the repository does not have.
var ErrNone = errors.New("no such snapshot")

// A Snapshot is a manifest and where it came from.
type Snapshot struct {
	*manifest.Snapshot
	Digest manifest.Digest // of the manifest's stored bytes
	repo   *repository.Repository
}

// Latest reads the mailbox's last snapshot. A mailbox that has none is ErrNone.
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

// Load reads the snapshot of one run of the mailbox.
func Load(ctx context.Context, repo *repository.Repository, mailbox string, sequence uint64) (*Snapshot, error) {
	s, _, err := LoadStored(ctx, repo, mailbox, sequence)
	return s, err
}

// LoadStored is Load, and returns the manifest's stored bytes besides.
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

// LoadRef reads one ref of the mailbox. One that is not there is ErrNone.
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

// resolve holds the manifest that a ref names against the ref.
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
		return nil, fmt.Errorf("mailbox %s, snapshot %d: the ref tells another state or time than its manifest %s",
			mailbox, sequence, ref.Manifest)
	}
	return &Snapshot{Snapshot: s, Digest: ref.Manifest, repo: repo}, nil
}

// Rows returns every row of every segment in order, tombstones and rows that a
// later one replaces included. One segment is in memory at a time. The sequence
// ends after its first error.
func (s *Snapshot) Rows(ctx context.Context) iter.Seq2[manifest.Row, error] {
	return s.rows(func(segment manifest.Segment) ([]byte, error) {
		return s.repo.ReadSegment(ctx, segment.SHA256, segment.Size)
	})
}

// rows returns the rows of what read returns for each segment.
func (s *Snapshot) rows(read func(manifest.Segment) ([]byte, error)) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		for _, segment := range s.Segments {
			data, err := read(segment)
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

// maxKept bounds the stored bytes of segments that Items keeps from its first pass for
// its second: what a mailbox of some 50,000 items has.
const maxKept = 16 << 20

// Items returns the rows of the items that the snapshot holds, each once. It goes
// through the segments twice, and reads those twice that are beyond the first 16 MiB.
func (s *Snapshot) Items(ctx context.Context) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		overlay, read := manifest.NewOverlay(s.Snapshot), s.keeper(ctx)
		for row, err := range s.rows(read) {
			if err != nil {
				yield(row, err)
				return
			}
			overlay.Apply(&row)
		}
		for row, err := range s.rows(read) {
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

// keeper returns what reads segments, and keeps the first ones that it read.
func (s *Snapshot) keeper(ctx context.Context) func(manifest.Segment) ([]byte, error) {
	kept, room := map[manifest.Digest][]byte{}, int64(maxKept)
	return func(segment manifest.Segment) ([]byte, error) {
		if data, ok := kept[segment.SHA256]; ok {
			return data, nil
		}
		data, err := s.repo.ReadSegment(ctx, segment.SHA256, segment.Size)
		if err == nil && int64(len(data)) <= room {
			kept[segment.SHA256] = data
			room -= int64(len(data))
		}
		return data, err
	}
}
