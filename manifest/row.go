package manifest

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// MaxChunkLength bounds the length of a chunk: 4 MiB. An item's stream is cut
// after every MaxChunkLength bytes; only its last chunk is shorter.
const MaxChunkLength = 4 << 20

// A Row is one item of a mailbox: its metadata from Graph, and the chunks of its FastTransfer
// stream. The key of a row is (Folder, ID); the last row with a key replaces the others. A row with
// Removed set is a tombstone: the item is no longer in the folder, and all members but ID and
// Folder are zero.
//
// The names are those of Graph's mailboxItem; Folder is its parent folder's id.
type Row struct {
	ID                   string    `json:"id"`
	Folder               string    `json:"folder"`
	Removed              string    `json:"removed,omitzero"` // the reason, such as RemovedDeleted
	ChangeKey            string    `json:"changeKey,omitzero"`
	Type                 string    `json:"type,omitzero"` // message class, such as IPM.Note
	Size                 int64     `json:"size,omitzero"` // as Graph reports it; the stream may be much longer
	CreatedDateTime      time.Time `json:"createdDateTime,omitzero"`
	LastModifiedDateTime time.Time `json:"lastModifiedDateTime,omitzero"`
	Categories           []string  `json:"categories,omitzero"`
	Properties
	SHA256 Digest  `json:"sha256,omitzero"` // of the whole stream
	Length int64   `json:"length,omitzero"` // of the whole stream, in bytes
	Chunks []Chunk `json:"chunks,omitzero"` // in order; their lengths add up to Length
}

// Properties identify an item for people. They are zero if Graph did not return them, or if they
// were not requested. The names are those of Graph's message.
type Properties struct {
	Subject           string    `json:"subject,omitzero"`
	Sender            *Address  `json:"sender,omitempty"`
	ReceivedDateTime  time.Time `json:"receivedDateTime,omitzero"`
	InternetMessageID string    `json:"internetMessageId,omitzero"`
	HasAttachments    bool      `json:"hasAttachments,omitzero"`
	SearchKey         []byte    `json:"searchKey,omitempty"` // PidTagSearchKey: stays when an item is moved or imported
}

// An Address is a sender.
type Address struct {
	Name    string `json:"name,omitzero"`
	Address string `json:"address,omitzero"`
}

// RemovedDeleted is the reason of a tombstone for an item that is no longer in its folder.
const RemovedDeleted = "deleted"

// A Chunk is a part of an item's stream: Length bytes at Offset of a pack's uncompressed bytes.
type Chunk struct {
	Pack   Digest `json:"pack"`
	Offset int64  `json:"offset"`
	Length int64  `json:"length"` // 1 to MaxChunkLength
	SHA256 Digest `json:"sha256"` // of the chunk's bytes
}

// Check returns an error if the format does not allow the row.
func (r *Row) Check() error {
	switch {
	case r.ID == "":
		return errors.New("row has no id")
	case r.Folder == "":
		return fmt.Errorf("row of item %.200q has no folder", r.ID)
	case len(r.Chunks) > maxChunks || len(r.Categories) > maxTexts:
		return fmt.Errorf("row of item %.200q: %d chunks, %d categories: more than the format allows", r.ID, len(r.Chunks), len(r.Categories))
	}
	err := r.checkStream()
	if r.Removed != "" {
		err = r.checkTombstone()
	}
	if err != nil {
		return fmt.Errorf("row of item %.200q: %w", r.ID, err)
	}
	return nil
}

func (r *Row) checkTombstone() error {
	if r.Length != 0 || len(r.Chunks) != 0 || !r.SHA256.IsZero() {
		return errors.New("tombstone has a stream")
	}
	return nil
}

func (r *Row) checkStream() error {
	if r.SHA256.IsZero() {
		return errors.New("sha256 is not set")
	}
	if r.Length < 1 {
		return fmt.Errorf("length is %d", r.Length)
	}
	rest := r.Length
	for i := range r.Chunks {
		c := &r.Chunks[i]
		if err := c.check(); err != nil {
			return fmt.Errorf("chunk %d: %w", i, err)
		}
		if c.Length > rest {
			return fmt.Errorf("chunks are longer than the item's %d bytes", r.Length)
		}
		rest -= c.Length
	}
	if rest != 0 {
		return fmt.Errorf("chunks are %d bytes short of the item's %d", rest, r.Length)
	}
	if len(r.Chunks) == 1 && r.Chunks[0].SHA256 != r.SHA256 {
		return errors.New("the only chunk's sha256 is not the item's")
	}
	return nil
}

func (c *Chunk) check() error {
	switch {
	case c.Pack.IsZero():
		return errors.New("pack is not set")
	case c.SHA256.IsZero():
		return errors.New("sha256 is not set")
	case c.Length < 1 || c.Length > MaxChunkLength:
		return fmt.Errorf("length %d is not in the range 1 to %d", c.Length, MaxChunkLength)
	case c.Offset < 0 || c.Offset > math.MaxInt64-c.Length:
		return fmt.Errorf("offset %d is out of range", c.Offset)
	}
	return nil
}
