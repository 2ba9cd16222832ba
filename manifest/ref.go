package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// maxRefSize bounds the stored bytes of a ref: 4 KiB.
const maxRefSize = 4 << 10

// A Ref names the manifest of one run of one mailbox. Its creation is the run's commit. It repeats
// what a list of snapshots shows, so that no manifest has to be read for it.
type Ref struct {
	Manifest Digest    `json:"manifest"`
	State    State     `json:"state"`
	Created  time.Time `json:"created"` // the snapshot's Finished
}

// Ref returns the ref of s, given the digest of its stored bytes.
func (s *Snapshot) Ref(digest Digest) Ref {
	return Ref{Manifest: digest, State: s.State, Created: s.Finished}
}

// Encode returns the ref's stored bytes: one line of JSON, which is the ref's only valid form.
func (r Ref) Encode() ([]byte, error) {
	data, err := encodeLine(r)
	if err != nil {
		return nil, fmt.Errorf("ref: %w", err)
	}
	return data, nil
}

// ParseRef parses a ref's stored bytes. No digest protects a ref, so only the form that Encode
// returns is accepted.
func ParseRef(data []byte) (Ref, error) {
	if len(data) > maxRefSize {
		return Ref{}, fmt.Errorf("ref: %d bytes, more than %d", len(data), maxRefSize)
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
		return Ref{}, errors.New("ref: not in its only valid form")
	}
	return r, nil
}
