package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/klauspost/compress/zstd"
)

// The bounds of a segment. Writers stay below a tenth of them.
const (
	maxSegmentSize = 64 << 20 // stored bytes
	maxSegmentRows = 1 << 20
	maxRowLength   = 16 << 20 // bytes of a line: the row of an item of more than 200 GiB
)

// A Segment is the entry of a segment, an object of rows, in a snapshot's list.
type Segment struct {
	SHA256 Digest `json:"sha256"` // of the stored bytes
	Size   int64  `json:"size"`   // stored, in bytes
	Rows   int64  `json:"rows"`   // tombstones included
	Bytes  int64  `json:"bytes"`  // the sum of the rows' lengths
}

// A SegmentWriter encodes rows as the stored bytes of a segment: JSON lines in one zstd stream. It
// keeps only the compressed bytes.
type SegmentWriter struct {
	out   bytes.Buffer
	zstd  *zstd.Encoder
	line  bytes.Buffer
	rows  int64
	bytes int64
}

// NewSegmentWriter returns a writer of an empty segment.
func NewSegmentWriter() (*SegmentWriter, error) {
	w := &SegmentWriter{}
	enc, err := zstd.NewWriter(&w.out, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, fmt.Errorf("segment: %w", err)
	}
	w.zstd = enc
	return w, nil
}

// Append adds a row. A row that the format does not allow is an error.
func (w *SegmentWriter) Append(row Row) error {
	if err := row.Check(); err != nil {
		return err
	}
	if w.rows == maxSegmentRows {
		return fmt.Errorf("row of item %.200q: the segment is full, with %d rows", row.ID, w.rows)
	}
	w.line.Reset()
	if err := row.writeLine(&w.line); err != nil {
		return fmt.Errorf("row of item %.200q: %w", row.ID, err)
	}
	if _, err := w.zstd.Write(w.line.Bytes()); err != nil {
		return fmt.Errorf("segment: %w", err)
	}
	w.rows++
	w.bytes += row.Length
	return nil
}

// writeLine writes the row as a line of a segment.
func (r *Row) writeLine(line *bytes.Buffer) error {
	if err := json.MarshalWrite(line, r, jsontext.AllowInvalidUTF8(true)); err != nil {
		return err
	}
	line.WriteByte('\n')
	if line.Len() > maxRowLength {
		return fmt.Errorf("%d bytes long, more than %d", line.Len(), maxRowLength)
	}
	return nil
}

// Rows returns the number of rows appended.
func (w *SegmentWriter) Rows() int64 { return w.rows }

// Size returns the approximate number of stored bytes so far.
func (w *SegmentWriter) Size() int64 { return int64(w.out.Len()) }

// Finish returns the stored bytes and their entry for a snapshot's list. The writer must be Reset
// before it is used again.
func (w *SegmentWriter) Finish() ([]byte, Segment, error) {
	if err := w.zstd.Close(); err != nil {
		return nil, Segment{}, fmt.Errorf("segment: %w", err)
	}
	data := w.out.Bytes()
	return data, Segment{SHA256: SumOf(data), Size: int64(len(data)), Rows: w.rows, Bytes: w.bytes}, nil
}

// Reset starts an empty segment. It invalidates the bytes that Finish returned.
func (w *SegmentWriter) Reset() {
	w.out.Reset()
	w.zstd.Reset(&w.out)
	w.rows, w.bytes = 0, 0
}

// ReadRows reads the rows of a segment from its stored bytes, whose digest the caller has checked.
// Decompression and line lengths are bounded. Other counts than those of s are an error. The
// sequence ends after its first error.
func (s Segment) ReadRows(data []byte) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := s.readRows(data, yield); err != nil && !errors.Is(err, errStopped) {
			yield(Row{}, fmt.Errorf("segment %s: %w", s.SHA256, err))
		}
	}
}

var errStopped = errors.New("stopped")

func (s Segment) readRows(data []byte, yield func(Row, error) bool) error {
	if err := s.check(); err != nil {
		return err
	}
	dec, err := zstd.NewReader(bytes.NewReader(data),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return err
	}
	defer dec.Close()
	return s.readLines(dec, yield)
}

// readLines reads the rows from the segment's text.
func (s Segment) readLines(text io.Reader, yield func(Row, error) bool) error {
	lines, dec := bufio.NewReaderSize(text, 64<<10), newDecoder()
	var buf []byte
	var rows, length int64
	for {
		row, err := readRow(lines, dec, &buf)
		if err == io.EOF {
			break
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", rows+1, err)
		}
		rows++
		length += row.Length
		if rows > s.Rows {
			return fmt.Errorf("more rows than the %d of the manifest", s.Rows)
		}
		if !yield(row, nil) {
			return errStopped
		}
	}
	if rows != s.Rows || length != s.Bytes {
		return fmt.Errorf("%d rows of %d bytes, the manifest has %d of %d", rows, length, s.Rows, s.Bytes)
	}
	return nil
}

// readRow reads the row of the next line. It reuses buf, and may replace it with a larger one.
func readRow(lines *bufio.Reader, dec decoder, buf *[]byte) (row Row, err error) {
	if *buf, err = readLine(lines, (*buf)[:0]); err != nil {
		return row, err
	}
	if err := dec.decode(*buf, &row); err != nil {
		return row, err
	}
	return row, row.Check()
}

// readLine appends the next line to buf, without its newline. The end of the stream is io.EOF
// between lines, and io.ErrUnexpectedEOF within a line.
func readLine(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		if len(buf)+len(part) > maxRowLength {
			return buf, fmt.Errorf("longer than %d bytes", maxRowLength)
		}
		buf = append(buf, part...)
		switch {
		case err == nil:
			return buf[:len(buf)-1], nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(buf) > 0:
			return buf, io.ErrUnexpectedEOF
		default:
			return buf, err
		}
	}
}
