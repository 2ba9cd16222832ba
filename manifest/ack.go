package manifest

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// The bounds of an acknowledgement.
const (
	MaxAckReason = 2000     // bytes
	MaxAckBy     = 300      // bytes
	maxAckPath   = 1000     // names
	maxAckSize   = 16 << 10 // stored bytes
)

// An AckKind is the kind of gap that an acknowledgement is about.
type AckKind string

// The kinds of gaps.
const (
	AckRefused AckKind = "refused" // a folder that could not be listed, with this Code
	AckShort   AckKind = "short"   // a folder that is short by up to Missing items
	AckFailed  AckKind = "failed"  // an item that failed with this Code
)

// An Ack acknowledges a gap of one mailbox: until a time, the gap is known and no reason for alarm.
// An Ack with Revokes set revokes another Ack instead; it has a Mailbox, By, Reason and Created,
// and nothing else. An Ack is never changed.
type Ack struct {
	Format  int       `json:"format"`
	Mailbox string    `json:"mailbox"`
	Kind    AckKind   `json:"kind,omitzero"`
	Folder  string    `json:"folder,omitzero"`  // the folder's id
	Path    []string  `json:"path,omitzero"`    // of the folder, for people
	Item    string    `json:"item,omitzero"`    // AckFailed: the item's id
	Subject string    `json:"subject,omitzero"` // of the item, for people
	Code    string    `json:"code,omitzero"`    // AckRefused, AckFailed: another error is not acknowledged
	Missing int64     `json:"missing,omitzero"` // AckShort: a larger gap is not acknowledged
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	Created time.Time `json:"created"`
	Until   time.Time `json:"until,omitzero"` // when the gap counts again
	Revokes Digest    `json:"revokes,omitzero"`
}

// Encode returns the stored bytes: one line of JSON. An Ack that the format does not allow is an
// error.
func (a *Ack) Encode() ([]byte, error) {
	data, err := encode(a, maxAckSize)
	if err != nil {
		return nil, fmt.Errorf("acknowledgement: %w", err)
	}
	return data, nil
}

// ParseAck parses the stored bytes of an acknowledgement, whose digest the caller has checked.
// Unknown members are ignored. ErrNewerFormat is in the error if a later version of the format
// wrote it.
func ParseAck(data []byte) (*Ack, error) {
	a := &Ack{}
	if err := parse(data, maxAckSize, a, func(data []byte) error { return json.Unmarshal(data, a) }); err != nil {
		return nil, fmt.Errorf("acknowledgement: %w", err)
	}
	return a, nil
}

func (a *Ack) check() error {
	switch {
	case a.Format != FormatVersion:
		return fmt.Errorf("format %d is not %d", a.Format, FormatVersion)
	case a.Mailbox == "":
		return errors.New("mailbox is not set")
	case a.By == "" || len(a.By) > MaxAckBy:
		return fmt.Errorf("by has %d bytes, not 1 to %d", len(a.By), MaxAckBy)
	case a.Reason == "" || len(a.Reason) > MaxAckReason:
		return fmt.Errorf("reason has %d bytes, not 1 to %d", len(a.Reason), MaxAckReason)
	case a.Created.IsZero():
		return errors.New("created is not set")
	case !a.Revokes.IsZero():
		return a.checkRevocation()
	}
	return a.checkGap()
}

func (a *Ack) checkRevocation() error {
	if a.Kind != "" || a.Folder != "" || len(a.Path) > 0 || a.Item != "" || a.Subject != "" || a.Code != "" || a.Missing != 0 ||
		!a.Until.IsZero() {
		return errors.New("it revokes another one, and names a gap too")
	}
	return nil
}

func (a *Ack) checkGap() error {
	switch a.Kind {
	case AckRefused, AckShort, AckFailed:
	default:
		return fmt.Errorf("kind %.40q is none of %s, %s and %s", a.Kind, AckRefused, AckShort, AckFailed)
	}
	switch {
	case a.Folder == "":
		return errors.New("folder is not set")
	case len(a.Path) > maxAckPath:
		return fmt.Errorf("path has %d names, more than %d", len(a.Path), maxAckPath)
	case (a.Kind == AckFailed) != (a.Item != ""):
		return fmt.Errorf("kind is %s and item is %.200q", a.Kind, a.Item)
	case (a.Kind == AckShort) != (a.Missing > 0), a.Missing < 0:
		return fmt.Errorf("kind is %s and missing is %d", a.Kind, a.Missing)
	case a.Kind == AckShort && a.Code != "":
		return fmt.Errorf("kind is %s and code is %.200q", a.Kind, a.Code)
	case a.Kind != AckFailed && a.Subject != "":
		return fmt.Errorf("kind is %s and subject is %.200q", a.Kind, a.Subject)
	case !a.Until.After(a.Created):
		return errors.New("until is not after created")
	}
	return nil
}
