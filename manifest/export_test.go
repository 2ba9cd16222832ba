package manifest

import (
	"bytes"
	"io"
)

// The bounds of the format.
const (
	MaxAckSize      = maxAckSize
	MaxRefSize      = maxRefSize
	MaxSegmentSize  = maxSegmentSize
	MaxSnapshotSize = maxSnapshotSize

	MaxFolders     = maxFolders
	MaxSegments    = maxSegments
	MaxFailures    = maxFailures
	MaxChunks      = maxChunks
	MaxTexts       = maxTexts
	MaxSegmentRows = maxSegmentRows
	MaxCount       = maxCount
	MaxBytes       = maxBytes
)

// ParseDigest parses the form that String returns.
var ParseDigest = parseDigest

// ReadLines reads the rows of a segment from its text.
func (s Segment) ReadLines(text io.Reader) (rows []Row, err error) {
	err = s.readLines(text, func(r Row, _ error) bool {
		rows = append(rows, r)
		return true
	})
	return rows, err
}

// Lines returns the text of rows.
func Lines(rows []Row) ([]byte, error) {
	var text, line bytes.Buffer
	for i := range rows {
		line.Reset()
		if err := rows[i].writeLine(&line); err != nil {
			return nil, err
		}
		text.Write(line.Bytes())
	}
	return text.Bytes(), nil
}
