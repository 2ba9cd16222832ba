package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// MaxRefSize bounds the stored bytes of a ref: 4 KiB.
const MaxRefSize = 4 << 10

// A Ref names the manifest of one run of one mailbox. Its creation is the run's
// commit. It repeats what a listing wants to tell without reading manifests.
type Ref struct {
	Manifest Digest    `json:"manifest"`
	State    State     `json:"state"`
	Created  time.Time `json:"created"` // the snapshot's Finished
}

// Ref returns the ref of s, whose stored bytes have the given digest.
func (s *Snapshot) Ref(digest Digest) Ref {
	return Ref{Manifest: digest, State: s.State, Created: s.Finished}
}

// Encode returns the ref's stored bytes: one line of JSON, and the only form
// that the ref has.
func (r Ref) Encode() ([]byte, error) {
	data, err := encodeLine(r)
	if err != nil {
		return nil, fmt.Errorf("ref: %w", err)
	}
	return data, nil
}

// ParseRef reads a ref's stored bytes. Refs are the one kind of object that no
// digest guards, so it takes the form that Encode writes and no other.
func ParseRef(data []byte) (Ref, error) {
	if len(data) > MaxRefSize {
		return Ref{}, fmt.Errorf("ref: %d bytes, more than %d", len(data), MaxRefSize)
	}
	var r Ref
	if err := json.Unmarshal(data, &r); err != nil {
		return Ref{}, fmt.Errorf("ref: %w", err)
	}
	again, err := r.Encode()
	if err != nil {
		return Ref{}, err
	}
	if !bytes.Equal(again, data) {
		return Ref{}, fmt.Errorf("ref: not in the form in which it is written")
	}
	return r, nil
}
