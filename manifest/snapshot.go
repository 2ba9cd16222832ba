package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// FormatVersion is the version of the repository format that this package writes, and the newest
// that it reads.
const FormatVersion = 1

// maxSnapshotSize bounds the stored bytes of a snapshot manifest: 64 MiB.
const maxSnapshotSize = 64 << 20

// A State is how far a run came.
type State string

// The states of a snapshot.
const (
	// StateComplete: the run listed the whole mailbox. Items that it could not export are in
	// Failures.
	StateComplete State = "complete"
	// StatePartial: the run had a selection, could not list a folder, is under way, or was
	// interrupted.
	StatePartial State = "partial"
)

// A Snapshot is the state of one mailbox after one run: the manifest that a ref names. The rows of
// the mailbox are those of Segments applied in order, without tombstones and without rows of
// folders that are not in Folders.
type Snapshot struct {
	Format   int       `json:"format"`
	Mailbox  Mailbox   `json:"mailbox"`
	Sequence uint64    `json:"sequence"`        // 1 is the mailbox's first run
	Parent   Digest    `json:"parent,omitzero"` // the manifest of run Sequence-1
	State    State     `json:"state"`
	Through  bool      `json:"through,omitzero"` // with StatePartial: see IsThrough
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Graph    Graph     `json:"graph"`

	Selection *Selection `json:"selection,omitempty"` // nil: everything

	// FolderDelta is set if a delta query returned the same folders as the list of folders. The
	// next run relies on the delta query alone.
	FolderDelta bool `json:"folderDelta,omitzero"`

	Folders  []Folder  `json:"folders"`
	Segments []Segment `json:"segments"`
	Failures []Failure `json:"failures"`
	Totals   Totals    `json:"totals"`
	Run      Run       `json:"run"`
}

// A Mailbox is the mailbox whose items a snapshot holds.
type Mailbox struct {
	ID   string `json:"id"`             // as exportItems expects it, such as MBX:…@…
	User string `json:"user,omitzero"`  // the user principal name or id by which it was found
	Kind string `json:"kind,omitempty"` // primary or archive, if known
}

// Graph is the API that a run used.
type Graph struct {
	Version string `json:"version"` // v1.0 or beta
}

// A Selection is what a run was limited to. Whatever it leaves out is not listed, and held rows of
// it stay as they are.
type Selection struct {
	Folders     []string  `json:"folders,omitempty"` // patterns of paths; none: all
	Exclude     []string  `json:"exclude,omitempty"` // patterns of paths
	Types       []string  `json:"types,omitempty"`   // patterns of message classes; none: all
	Since       time.Time `json:"since,omitzero"`    // of createdDateTime
	Before      time.Time `json:"before,omitzero"`   // of createdDateTime
	Hidden      bool      `json:"hidden"`            // hidden folders are included
	Recoverable bool      `json:"recoverable"`       // Recoverable Items are included
}

// A Folder is a mailboxFolder as Graph returned it. Path holds the display names from the top;
// names may be empty or equal, and may contain any character.
type Folder struct {
	ID             string   `json:"id"`
	ParentFolderID string   `json:"parentFolderId,omitzero"`
	DisplayName    string   `json:"displayName"`
	Path           []string `json:"path"`
	Type           string   `json:"type,omitzero"` // container class, such as IPF.Note
	WellKnownName  string   `json:"wellKnownName,omitzero"`
	Hidden         bool     `json:"hidden,omitzero"`
	TotalItemCount int64    `json:"totalItemCount"`        // Graph's own count in this run
	Items          int64    `json:"items"`                 // live rows of this folder
	Gone           int64    `json:"gone,omitzero"`         // items that were deleted after Graph counted and listed them
	LeftOut        string   `json:"leftOut,omitzero"`      // why the selection left the folder out
	ItemsLeftOut   int64    `json:"itemsLeftOut,omitzero"` // listed items that the selection left out
	LeftOutHeld    int64    `json:"leftOutHeld,omitzero"`  // items in ItemsLeftOut that are held in an older version
	Unconfirmed    int64    `json:"unconfirmed,omitzero"`  // items in Items that a short listing did not show
	DeltaLink      string   `json:"deltaLink,omitzero"`    // where the next incremental listing starts
	// ListedThrough is the greatest lastModifiedDateTime of a folder without delta. The next
	// listing requests later items, and then all ids.
	ListedThrough time.Time `json:"listedThrough,omitzero"`
	Listing       *Listing  `json:"listing,omitempty"` // of the whole folder, if one is under way
	Mailbox       string    `json:"mailbox,omitzero"`  // the auxiliary mailbox that holds the folder
	Error         string    `json:"error,omitzero"`    // why the folder, or a part of it, could not be listed
	// ErrorCode is the kind of Error. It is the same in each run that fails in the same way.
	ErrorCode string `json:"errorCode,omitzero"`
	Unlisted  int64  `json:"unlisted,omitzero"` // items that could not be listed, though the others were
}

// A Failure is an item that Graph listed and the run could not export.
type Failure struct {
	ID       string `json:"id"`
	Folder   string `json:"folder"`
	Code     string `json:"code"`
	Message  string `json:"message,omitzero"`
	Attempts int    `json:"attempts"`      // requests, in all runs
	Runs     int    `json:"runs"`          // consecutive runs in which it failed
	Held     bool   `json:"held,omitzero"` // an older version of the item is held
	Item     Row    `json:"item"`          // its metadata, for the next attempt; without a stream
}

// Totals are what the snapshot holds: its live rows, the sum of their lengths, and the packs that
// this run and its ancestors wrote, with their stored size.
type Totals struct {
	Items  int64 `json:"items"`
	Bytes  int64 `json:"bytes"`
	Stored int64 `json:"stored"`
	Packs  int64 `json:"packs"`
}

// Run counts the outcomes of all items that the run listed:
//
//	Listed = Exported + Skipped + Failed + Gone + LeftOut + Pending
//
// Items that a delta query did not return count as listed and skipped.
type Run struct {
	Listed   int64 `json:"listed"`   // distinct (folder, id)
	Exported int64 `json:"exported"` // stored by this run
	Skipped  int64 `json:"skipped"`  // held already, with the same change key
	Failed   int64 `json:"failed"`
	Gone     int64 `json:"gone"`    // deleted after they were listed
	LeftOut  int64 `json:"leftOut"` // not selected
	Pending  int64 `json:"pending"` // not reached before the run was interrupted
	Removed  int64 `json:"removed"` // held by the parent, no longer in the mailbox
}

// Check reports whether the counts are possible and add up.
func (r Run) Check() error {
	if !inRange(maxCount, r.Listed, r.Exported, r.Skipped, r.Failed, r.Gone, r.LeftOut, r.Pending, r.Removed) {
		return fmt.Errorf("a count of the run is not in the range 0 to %d: %+v", int64(maxCount), r)
	}
	if sum := r.Exported + r.Skipped + r.Failed + r.Gone + r.LeftOut + r.Pending; sum != r.Listed {
		return fmt.Errorf("%d items listed, but %d accounted for", r.Listed, sum)
	}
	return nil
}

// IsThrough reports whether the run finished: it listed all that is selected, except folders with
// an Error. If it had no selection and there is no such folder, the state is complete.
func (s *Snapshot) IsThrough() bool { return s.Through || s.State == StateComplete }

// Encode returns the manifest's stored bytes: one line of JSON. A snapshot that the format does not
// allow is an error.
func (s *Snapshot) Encode() ([]byte, error) {
	data, err := encode(s, maxSnapshotSize)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return data, nil
}

// ParseSnapshot parses a manifest's stored bytes, whose digest the caller has checked. Unknown
// members are ignored. ErrNewerFormat is in the error if a later version of the format wrote it.
func ParseSnapshot(data []byte) (*Snapshot, error) {
	s := &Snapshot{}
	if err := parse(data, maxSnapshotSize, s, func(data []byte) error { return newDecoder().decode(data, s) }); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return s, nil
}

// A document is stored as one line of JSON with the format's version.
type document interface{ check() error }

// encode returns the stored bytes of a document, at most limit.
func encode(d document, limit int) ([]byte, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	data, err := encodeLine(d)
	if err == nil && len(data) > limit {
		err = fmt.Errorf("%d bytes, more than %d", len(data), limit)
	}
	return data, err
}

// ErrNewerFormat is in the error of a document that a later version of the format wrote.
var ErrNewerFormat = errors.New("format is newer than this program reads")

// parse decodes the stored bytes of a document, at most limit, and checks it.
func parse(data []byte, limit int, d document, decode func([]byte) error) error {
	if len(data) > limit {
		return fmt.Errorf("%d bytes, more than %d", len(data), limit)
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err == nil && version.Format > FormatVersion {
		return fmt.Errorf("format %d: %w (%d)", version.Format, ErrNewerFormat, FormatVersion)
	}
	if err := decode(data); err != nil {
		return err
	}
	return d.check()
}

func encodeLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}
