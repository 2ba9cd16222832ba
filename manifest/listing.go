package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// A Pass is one enumeration of all items of a folder.
type Pass string

// The passes of a listing, in order. Graph's answers decide which of them are made.
const (
	PassItems Pass = "items" // the list of items, with their properties
	PassDelta Pass = "delta" // a first delta query, which returns the next delta link
	PassIDs   Pass = "ids"   // the list of items, without their properties
)

// A Listing is a listing of a whole folder that is not finished. It is committed with the rows that
// it covers; a later run continues it. The zero value has not started.
type Listing struct {
	Pass   Pass `json:"pass,omitzero"`   // under way
	Passes int  `json:"passes,omitzero"` // finished

	// Link requests the last page that is covered or, in a delta query, the page after it. Item is
	// the id of the last item of the last covered page. CreatedDateTime is that item's, if the list
	// is in this order.
	Link            string    `json:"link,omitzero"`
	Item            string    `json:"item,omitzero"`
	CreatedDateTime time.Time `json:"createdDateTime,omitzero"`

	ListedThrough time.Time `json:"listedThrough,omitzero"` // as a folder's, so far
	ItemsLeftOut  int64     `json:"itemsLeftOut,omitzero"`  // as a folder's, so far
	LeftOutHeld   int64     `json:"leftOutHeld,omitzero"`   // as a folder's, so far

	// Keys are the objects that hold the keys of the items that the pass covers.
	Keys []Segment `json:"keys,omitempty"`
}

// KeySegments returns the objects of keys of all listings under way.
func (s *Snapshot) KeySegments() (all []Segment) {
	for i := range s.Folders {
		if l := s.Folders[i].Listing; l != nil {
			all = append(all, l.Keys...)
		}
	}
	return all
}

// maxKeySegments bounds the objects of a listing.
const maxKeySegments = 10_000

func (l *Listing) check() error {
	switch {
	case l.Pass != "" && l.Pass != PassItems && l.Pass != PassDelta && l.Pass != PassIDs:
		return fmt.Errorf("pass %.40q is not known", l.Pass)
	case !inRange(maxCount, int64(l.Passes), l.ItemsLeftOut, l.LeftOutHeld):
		return fmt.Errorf("%d passes, %d items left out is not possible", l.Passes, l.ItemsLeftOut)
	case len(l.Keys) > maxKeySegments:
		return fmt.Errorf("%d objects of keys, more than %d", len(l.Keys), maxKeySegments)
	}
	for i, g := range l.Keys {
		if g.SHA256.IsZero() || g.Rows < 1 || g.Rows > MaxKeys || g.Bytes != 0 || g.Size < 1 || g.Size > maxSegmentSize {
			return fmt.Errorf("object %d of keys: %d keys in %d bytes is not possible", i, g.Rows, g.Size)
		}
	}
	return nil
}

const (
	// MaxKeys bounds the keys of one object: 1,048,576 keys, 12 MiB.
	MaxKeys = 1 << 20

	// keysPerLine bounds the keys of a line.
	keysPerLine = 1000
)

// keyLine is a line of an object of keys: concatenated row keys, in base64.
type keyLine struct {
	Keys []byte `json:"keys"`
}

// EncodeKeys returns the stored bytes of an object of 1 to MaxKeys keys, which are JSON lines in
// one zstd stream, and its entry for a listing.
func EncodeKeys(keys []RowKey) ([]byte, Segment, error) {
	if n := len(keys); n < 1 || n > MaxKeys {
		return nil, Segment{}, fmt.Errorf("keys: %d, not in the range 1 to %d", n, MaxKeys)
	}
	var out bytes.Buffer
	enc, err := zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		return nil, Segment{}, fmt.Errorf("keys: %w", err)
	}
	rows := int64(len(keys))
	for len(keys) > 0 && err == nil {
		n := min(len(keys), keysPerLine)
		var line keyLine
		for i := range keys[:n] {
			line.Keys = append(line.Keys, keys[i][:]...)
		}
		keys = keys[n:]
		err = json.NewEncoder(enc).Encode(line)
	}
	if err = errors.Join(err, enc.Close()); err != nil {
		return nil, Segment{}, fmt.Errorf("keys: %w", err)
	}
	return out.Bytes(), Segment{SHA256: SumOf(out.Bytes()), Size: int64(out.Len()), Rows: rows}, nil
}

// ReadKeys reads the keys of an object from its stored bytes, whose digest the caller has checked.
// Another number of keys than s has is an error.
func (s Segment) ReadKeys(data []byte) ([]RowKey, error) {
	keys, err := s.readKeys(data)
	if err == nil && int64(len(keys)) != s.Rows {
		err = fmt.Errorf("%d keys, but the manifest says %d", len(keys), s.Rows)
	}
	if err != nil {
		return nil, fmt.Errorf("keys %s: %w", s.SHA256, err)
	}
	return keys, nil
}

func (s Segment) readKeys(data []byte) ([]RowKey, error) {
	dec, err := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
	if err != nil {
		return nil, err
	}
	defer dec.Close()
	var keys []RowKey
	const perKey = 2 * len(RowKey{}) // in base64, with the rest of its line
	lines := json.NewDecoder(io.LimitReader(dec, (s.Rows+1)*int64(perKey)))
	for {
		var line keyLine
		err := lines.Decode(&line)
		if err == io.EOF {
			return keys, nil
		}
		if err != nil {
			return nil, err
		}
		for ; len(line.Keys) >= len(RowKey{}); line.Keys = line.Keys[len(RowKey{}):] {
			keys = append(keys, RowKey(line.Keys[:len(RowKey{})]))
		}
		if len(line.Keys) != 0 || int64(len(keys)) > s.Rows {
			return nil, errors.New("a line ends within a key, or there are too many keys")
		}
	}
}
