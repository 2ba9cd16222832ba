package segments

import (
	"context"
	"iter"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

// Compact stores last, which may be nil, as the snapshot's last segment, and keeps the list of its
// segments short. When more than a quarter as many rows are dead as are live, all segments are
// rewritten. Otherwise the newest ones are joined: a year of nightly runs leaves about ten. A last
// segment that is joined is not stored by itself.
func (w *Writer) Compact(ctx context.Context, s *manifest.Snapshot, last *Sealed) error {
	if last != nil {
		s.Segments = append(s.Segments, last.Segment)
	}
	first := joinFrom(s.Segments)
	if isWasteful(s) {
		first = 0
	}
	if first == len(s.Segments) {
		if last == nil {
			return nil
		}
		return w.put(ctx, last)
	}
	joined, err := join(ctx, w.repo, s, first, last)
	if err != nil {
		return err
	}
	s.Segments = append(s.Segments[:first:first], joined...)
	return nil
}

// minDead is the number of dead rows below which segments are not rewritten.
const minDead = 1000

func isWasteful(s *manifest.Snapshot) bool {
	dead := -s.Totals.Items
	for _, g := range s.Segments {
		dead += g.Rows
	}
	return dead >= minDead && dead*4 > s.Totals.Items
}

// joinFrom returns the first of the last segments that should become one; the number of segments,
// if none should. A segment is joined with those after it while it is at most twice as large as
// they are together, so that each row is rewritten a few times only.
func joinFrom(segments []manifest.Segment) int {
	first := len(segments) - 1
	if first < 1 {
		return len(segments)
	}
	size := segments[first].Size
	for first > 0 && segments[first-1].Size <= min(2*size, targetSize-size) {
		first--
		size += segments[first].Size
	}
	if first == len(segments)-1 {
		return len(segments)
	}
	return first
}

// join rewrites the segments from first on. Of rows with the same key the last stays. Tombstones,
// and rows of folders that the snapshot does not list, stay while there is an older segment that
// they may replace rows of.
func join(ctx context.Context, repo *repository.Repository, s *manifest.Snapshot, first int, last *Sealed) ([]manifest.Segment, error) {
	overlay := rows.NewOverlay(s)
	for row, err := range read(ctx, repo, s.Segments[first:], last) {
		if err != nil {
			return nil, err
		}
		overlay.Apply(&row)
	}
	out := NewWriter(repo, nil)
	for row, err := range read(ctx, repo, s.Segments[first:], last) {
		if err != nil {
			return nil, err
		}
		if newest, live := overlay.Next(&row); !live && (!newest || first == 0) {
			continue
		}
		if err := out.Append(ctx, row); err != nil {
			return nil, err
		}
	}
	err := out.Flush(ctx)
	return out.stored, err
}

// Rows returns the rows of stored segments. The sequence ends after its first error.
func Rows(ctx context.Context, repo *repository.Repository, segments []manifest.Segment) iter.Seq2[manifest.Row, error] {
	return read(ctx, repo, segments, nil)
}

// read returns the rows of segments. If last is not nil, it has the data of the last segment.
func read(ctx context.Context, repo *repository.Repository, segments []manifest.Segment, last *Sealed) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		for i, segment := range segments {
			var data []byte
			var err error
			if last != nil && i == len(segments)-1 {
				data = last.data
			} else if data, err = repo.ReadSegment(ctx, segment.SHA256, segment.Size); err != nil {
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
