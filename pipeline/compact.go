package pipeline

import (
	"context"
	"iter"

	"github.com/mailhaul/mailhaul/internal/rows"
	"github.com/mailhaul/mailhaul/manifest"
)

// tidy keeps the list of a mailbox's segments short. When more than a quarter as
// many rows are dead as are live, all segments are rewritten. Otherwise the newest
// ones are joined: a year of nightly runs leaves about ten. The last segment of the
// list may be one that is not stored yet; it is stored only if it stays.
func (r *run) tidy(ctx context.Context, s *manifest.Snapshot, last *sealedSegment) error {
	first := joinFrom(s.Segments)
	if wasteful(s) {
		first = 0
	}
	if first == len(s.Segments) {
		if last == nil {
			return nil
		}
		return r.record.segments.store(ctx, last)
	}
	joined, err := r.join(ctx, s, first, last)
	if err != nil {
		return err
	}
	s.Segments = append(s.Segments[:first:first], joined...)
	return nil
}

// minDead is how many dead rows are not worth a rewrite.
const minDead = 1000

func wasteful(s *manifest.Snapshot) bool {
	dead := -s.Totals.Items
	for _, g := range s.Segments {
		dead += g.Rows
	}
	return dead >= minDead && dead*4 > s.Totals.Items
}

// joinFrom returns the first of the segments at the end that should become one, or
// their number if none should: a segment is joined with those after it while it has
// no more than twice their size, so that each row is rewritten a few times only.
func joinFrom(segments []manifest.Segment) int {
	first := len(segments) - 1
	if first < 1 {
		return len(segments)
	}
	size := segments[first].Size
	for first > 0 && segments[first-1].Size <= min(2*size, segmentTarget-size) {
		first--
		size += segments[first].Size
	}
	if first == len(segments)-1 {
		return len(segments)
	}
	return first
}

// join rewrites the segments from first on: of rows with one key the last stays.
// Tombstones stay as long as there is an older segment that they may speak of; rows
// of folders that the snapshot does not list go only with the first segment.
func (r *run) join(ctx context.Context, s *manifest.Snapshot, first int, last *sealedSegment) ([]manifest.Segment, error) {
	overlay := rows.NewOverlay(s)
	for row, err := range r.rows(ctx, s.Segments[first:], last) {
		if err != nil {
			return nil, err
		}
		overlay.Apply(&row)
	}
	out := &segmentList{repo: r.job.Repository}
	for row, err := range r.rows(ctx, s.Segments[first:], last) {
		if err != nil {
			return nil, err
		}
		if newest, live := overlay.Next(&row); !live && (!newest || first == 0) {
			continue
		}
		if err := out.append(ctx, row); err != nil {
			return nil, err
		}
	}
	err := out.flush(ctx)
	return out.stored, err
}

// rows returns the rows of segments, of which the last may not be stored yet. The
// sequence ends after its first error.
func (r *run) rows(ctx context.Context, segments []manifest.Segment, last *sealedSegment) iter.Seq2[manifest.Row, error] {
	return func(yield func(manifest.Row, error) bool) {
		for i, segment := range segments {
			var data []byte
			var err error
			if last != nil && i == len(segments)-1 {
				data = last.data
			} else if data, err = r.job.Repository.ReadSegment(ctx, segment.SHA256, segment.Size); err != nil {
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
