package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// FormatVersion is the version of the repository format that this package
// writes, and the newest that it reads.
const FormatVersion = 1

// MaxSnapshotSize bounds the stored bytes of a snapshot manifest: 64 MiB.
const MaxSnapshotSize = 64 << 20

// A State tells how far a run came.
type State string

// The states of a snapshot.
const (
	// StateComplete: the run went through the whole mailbox; what it could
	// not get is listed under failures.
	StateComplete State = "complete"
	// StatePartial: it did not, being limited by a selection, kept from a folder, under way
	// or interrupted.
	StatePartial State = "partial"
)

// A Snapshot is the state of one mailbox after one run: the manifest that a ref
// names. The rows of the mailbox are those of Segments applied in order, without
// tombstones and without rows of folders that Folders does not list.
type Snapshot struct {
	Format   int       `json:"format"`
	Mailbox  Mailbox   `json:"mailbox"`
	Sequence uint64    `json:"sequence"`        // 1 is the mailbox's first run
	Parent   Digest    `json:"parent,omitzero"` // the manifest of run Sequence-1
	State    State     `json:"state"`
	Through  bool      `json:"through,omitzero"` // of StatePartial: see IsThrough
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	Graph    Graph     `json:"graph"`

	Selection *Selection `json:"selection,omitempty"` // nil: everything

	// FolderDelta is set if a delta query listed all folders as the list of folders did. The
	// next run takes it for the list.
	FolderDelta bool `json:"folderDelta,omitzero"`

	Folders  []Folder  `json:"folders"`
	Segments []Segment `json:"segments"`
	Failures []Failure `json:"failures"`
	Totals   Totals    `json:"totals"`
	Run      Run       `json:"run"`
}

// A Mailbox is whose items a snapshot holds.
type Mailbox struct {
	ID   string `json:"id"`             // as exportItems takes it, such as MBX:…@…
	User string `json:"user,omitzero"`  // the user principal name or id that led to it
	Kind string `json:"kind,omitempty"` // primary or archive, where it is known
}

// Graph tells which API a run spoke to.
type Graph struct {
	Version string `json:"version"` // v1.0 or beta
}

// A Selection tells what a run was limited to. What it leaves out is not listed,
// and rows of it that are held stay as they are.
type Selection struct {
	Folders     []string  `json:"folders,omitempty"` // patterns of paths; none: all
	Exclude     []string  `json:"exclude,omitempty"` // patterns of paths
	Types       []string  `json:"types,omitempty"`   // patterns of message classes; none: all
	Since       time.Time `json:"since,omitzero"`    // of createdDateTime
	Before      time.Time `json:"before,omitzero"`   // of createdDateTime
	Hidden      bool      `json:"hidden"`            // hidden folders are taken
	Recoverable bool      `json:"recoverable"`       // Recoverable Items are taken
}

// A Folder is a mailboxFolder as Graph told it. Path holds the display names
// from the top; names may be empty, equal, or hold any character.
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
	LeftOutHeld    int64    `json:"leftOutHeld,omitzero"`  // of these, those that are held in an older version
	Unconfirmed    int64    `json:"unconfirmed,omitzero"`  // of Items, those that a listing which was short did not show
	DeltaLink      string   `json:"deltaLink,omitzero"`    // where the next incremental listing starts
	// ListedThrough is the greatest lastModifiedDateTime of a folder without delta: the next
	// listing asks for what is later, and then goes through all ids.
	ListedThrough time.Time `json:"listedThrough,omitzero"`
	Listing       *Listing  `json:"listing,omitempty"` // of the whole folder, if one is under way
	Mailbox       string    `json:"mailbox,omitzero"`  // the auxiliary mailbox that the folder lies in
	Error         string    `json:"error,omitzero"`    // why the folder, or a part of it, could not be listed
	// ErrorCode is the kind of Error: it is the same in each run that fails alike.
	ErrorCode string `json:"errorCode,omitzero"`
	Unlisted  int64  `json:"unlisted,omitzero"` // items that could not be listed, if the rest was
}

// A Failure is an item that Graph listed and the run could not get.
type Failure struct {
	ID       string `json:"id"`
	Folder   string `json:"folder"`
	Code     string `json:"code"`
	Message  string `json:"message,omitzero"`
	Attempts int    `json:"attempts"`      // requests, in all runs
	Runs     int    `json:"runs"`          // that failed on it in a row
	Held     bool   `json:"held,omitzero"` // there is a live row of the item, though not as it is listed
	Item     Row    `json:"item"`          // its metadata, for the next try; without a stream
}

// Totals tells what the snapshot holds: the live rows, the sum of their lengths,
// and the packs that this run and its ancestors wrote with their stored size.
type Totals struct {
	Items  int64 `json:"items"`
	Bytes  int64 `json:"bytes"`
	Stored int64 `json:"stored"`
	Packs  int64 `json:"packs"`
}

// Run counts what became of every item that the run listed:
// Listed = Exported + Skipped + Failed + Gone + LeftOut + Pending.
//
// Items that a delta query did not tell of are listed and skipped.
type Run struct {
	Listed   int64 `json:"listed"`   // distinct (folder, id)
	Exported int64 `json:"exported"` // stored by this run
	Skipped  int64 `json:"skipped"`  // held already, with the same change key
	Failed   int64 `json:"failed"`
	Gone     int64 `json:"gone"`    // deleted after they were listed
	LeftOut  int64 `json:"leftOut"` // not selected
	Pending  int64 `json:"pending"` // not reached before the run was interrupted
	Removed  int64 `json:"removed"` // held before, no longer in the mailbox
}

// Check reports whether the counts are possible and add up.
func (r Run) Check() error {
	if !inRange(maxCount, r.Listed, r.Exported, r.Skipped, r.Failed, r.Gone, r.LeftOut, r.Pending, r.Removed) {
		return fmt.Errorf("a count of the run is not between 0 and %d: %+v", int64(maxCount), r)
	}
	if sum := r.Exported + r.Skipped + r.Failed + r.Gone + r.LeftOut + r.Pending; sum != r.Listed {
		return fmt.Errorf("%d items listed, but %d accounted for", r.Listed, sum)
	}
	return nil
}

// IsThrough reports whether the run came to its end: it went through all that is selected,
// but for folders with an Error. A complete snapshot is one of a run without a selection that
// no folder was kept from.
func (s *Snapshot) IsThrough() bool { return s.Through || s.State == StateComplete }

// Encode returns the manifest's stored bytes: one line of JSON. A snapshot that
// the format does not allow is an error.
func (s *Snapshot) Encode() ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	data, err := encodeLine(s)
	if err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if len(data) > MaxSnapshotSize {
		return nil, fmt.Errorf("manifest: %d bytes, more than %d", len(data), MaxSnapshotSize)
	}
	return data, nil
}

// ErrNewerFormat is in the error of ParseSnapshot for a manifest that a later
// version of the format describes.
var ErrNewerFormat = errors.New("format is newer than this program reads")

// ParseSnapshot reads a manifest's stored bytes, whose digest the caller has
// checked. Members that it does not know are ignored.
func ParseSnapshot(data []byte) (*Snapshot, error) {
	if len(data) > MaxSnapshotSize {
		return nil, fmt.Errorf("manifest: %d bytes, more than %d", len(data), MaxSnapshotSize)
	}
	var version struct {
		Format int `json:"format"`
	}
	if err := json.Unmarshal(data, &version); err == nil && version.Format > FormatVersion {
		return nil, fmt.Errorf("manifest: format %d: %w (%d)", version.Format, ErrNewerFormat, FormatVersion)
	}
	var s Snapshot
	if err := newDecoder().decode(data, &s); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return &s, nil
}

func encodeLine(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	return b.Bytes(), err
}
