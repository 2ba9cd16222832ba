// Package segments turns rows into segments, stores them, and keeps a mailbox's list of segments
// short.
package segments

import (
	"context"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline/internal/stage"
	"github.com/mailhaul/mailhaul/repository"
)

const (
	// A segment ends at either bound, so that a run of any length holds little of it in memory.
	targetSize = 2 << 20
	targetRows = 100_000
)

// A Writer turns rows into segments and stores each segment when it is full.
type Writer struct {
	repo   *repository.Repository
	worker *stage.Worker
	writer *manifest.SegmentWriter // made for the first row
	stored []manifest.Segment
}

// NewWriter returns a writer whose requests count as waiting of a worker, unless it is nil.
func NewWriter(repo *repository.Repository, w *stage.Worker) *Writer {
	return &Writer{repo: repo, worker: w}
}

// A Sealed segment is complete and may not be stored yet. Its data is valid until the next row is
// appended to its writer.
type Sealed struct {
	manifest.Segment
	data []byte
}

// Append adds a row to the current segment and stores the segment once it is full.
func (w *Writer) Append(ctx context.Context, row manifest.Row) error {
	if w.writer == nil {
		writer, err := manifest.NewSegmentWriter()
		if err != nil {
			return err
		}
		w.writer = writer
	}
	if err := w.writer.Append(row); err != nil {
		return err
	}
	if w.writer.Size() < targetSize && w.writer.Rows() < targetRows {
		return nil
	}
	return w.Flush(ctx)
}

// Flush stores the current segment if it has rows.
func (w *Writer) Flush(ctx context.Context) error {
	s, err := w.Seal()
	if err != nil || s == nil {
		return err
	}
	err = w.put(ctx, s)
	w.writer.Reset()
	return err
}

// Seal ends the current segment without storing it; nil if it has no rows.
func (w *Writer) Seal() (*Sealed, error) {
	if w.writer == nil || w.writer.Rows() == 0 {
		return nil, nil
	}
	data, segment, err := w.writer.Finish()
	return &Sealed{segment, data}, err
}

// Stored returns the segments that are durable, in the order of their rows.
func (w *Writer) Stored() []manifest.Segment { return w.stored }

func (w *Writer) put(ctx context.Context, s *Sealed) error {
	err := w.worker.Await(func() error {
		_, err := w.repo.PutSegment(ctx, s.SHA256, s.data)
		return err
	})
	if err != nil {
		return err
	}
	w.stored = append(w.stored, s.Segment)
	return nil
}
