package manifest

import (
	"bytes"
	"io"
)

// The bounds of lists.
const (
	MaxFolders     = maxFolders
	MaxSegments    = maxSegments
	MaxFailures    = maxFailures
	MaxChunks      = maxChunks
	MaxTexts       = maxTexts
	MaxSegmentRows = maxSegmentRows
	MaxCount       = maxCount
	MaxBytes       = maxBytes
)

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
