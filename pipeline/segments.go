package pipeline

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/repository"
)

const (
	// A segment ends at either bound, so that a run of any length holds
	// little of it in memory.
	segmentTarget = 2 << 20
	segmentRows   = 100_000
)

// A segmentList turns rows into segments and stores them as they fill.
type segmentList struct {
	repo   *repository.Repository
	worker *worker                 // whose time it takes; nil: nobody's
	writer *manifest.SegmentWriter // made for the first row
	stored []manifest.Segment      // durable
}

// A sealedSegment is a segment that may not be stored yet. Its data is void when
// another row is appended.
type sealedSegment struct {
	manifest.Segment
	data []byte
}

// append adds a row to the segment under way and stores that once it is full.
func (l *segmentList) append(ctx context.Context, row manifest.Row) error {
	if l.writer == nil {
		w, err := manifest.NewSegmentWriter()
		if err != nil {
			return err
		}
		l.writer = w
	}
	if err := l.writer.Append(row); err != nil {
		return err
	}
	if l.writer.Size() < segmentTarget && l.writer.Rows() < segmentRows {
		return nil
	}
	return l.flush(ctx)
}

// flush stores the segment under way, if it has rows.
func (l *segmentList) flush(ctx context.Context) error {
	s, err := l.seal()
	if err != nil || s == nil {
		return err
	}
	err = l.store(ctx, s)
	l.writer.Reset()
	return err
}

// seal ends the segment under way without storing it; nil if it has no rows.
func (l *segmentList) seal() (*sealedSegment, error) {
	if l.writer == nil || l.writer.Rows() == 0 {
		return nil, nil
	}
	data, segment, err := l.writer.Finish()
	return &sealedSegment{segment, data}, err
}

func (l *segmentList) store(ctx context.Context, s *sealedSegment) error {
	err := l.worker.await(func() error {
		_, err := l.repo.PutSegment(ctx, s.SHA256, s.data)
		return err
	})
	if err != nil {
		return err
	}
	l.stored = append(l.stored, s.Segment)
	return nil
}
