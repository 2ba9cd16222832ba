package snapshots

import (
	"time"

	"github.com/mailhaul/mailhaul/manifest"
)

// Gaps are the folders and items that are selected, and that a snapshot does not hold completely.
type Gaps struct {
	Short        []Gap        `json:"short"`        // folders of which Graph listed fewer items than it counts
	Refused      []Gap        `json:"refused"`      // folders that could not be listed
	Failures     []Failure    `json:"failures"`     // items that Graph listed and did not export
	Acknowledged Acknowledged `json:"acknowledged"` // the number of gaps that are
}

// Acknowledged counts acknowledged gaps.
type Acknowledged struct {
	Short   int64 `json:"short"`
	Refused int64 `json:"refused"`
	Failed  int64 `json:"failed"`
}

// A Gap is a folder that is short or refused.
type Gap struct {
	Folder string   `json:"folder"` // its id
	Path   []string `json:"path"`
	Counts
	Code         string           `json:"code,omitempty"`  // of a refusal: the same in each run that is refused in the same way
	Error        string           `json:"error,omitempty"` // why the folder, or a part of it, could not be listed
	Acknowledged *Acknowledgement `json:"acknowledged,omitempty"`
}

// A Failure is an item that is not held, or only in an older version.
type Failure struct {
	ID       string   `json:"id"`
	Folder   string   `json:"folder"` // its id
	Path     []string `json:"path"`   // of the folder
	Code     string   `json:"code"`
	Message  string   `json:"message,omitempty"`
	Attempts int      `json:"attempts"` // requests, in all runs
	Runs     int      `json:"runs"`     // consecutive runs in which it failed
	Held     bool     `json:"held"`     // in an older version

	Type            string    `json:"type,omitempty"` // message class
	CreatedDateTime time.Time `json:"createdDateTime,omitzero"`
	manifest.Properties
	Acknowledged *Acknowledgement `json:"acknowledged,omitempty"`
}

func failureOf(f *manifest.Failure, path []string) Failure {
	return Failure{
		ID: f.ID, Folder: f.Folder, Path: path, Code: f.Code, Message: f.Message, Attempts: f.Attempts, Runs: f.Runs, Held: f.Held,
		Type: f.Item.Type, CreatedDateTime: f.Item.CreatedDateTime, Properties: f.Item.Properties,
	}
}

// Open returns the number of gaps that are not acknowledged.
func (g *Gaps) Open() int {
	return len(g.Short) + len(g.Refused) + len(g.Failures) -
		int(g.Acknowledged.Short+g.Acknowledged.Refused+g.Acknowledged.Failed)
}

// Acknowledge marks the gaps for which an acknowledgement is valid at a time.
func (g *Gaps) Acknowledge(acks *Acks, now time.Time) {
	g.Acknowledged = Acknowledged{}
	mark := func(n *int64, ack *Acknowledgement) *Acknowledgement {
		if ack != nil {
			*n++
		}
		return ack
	}
	for i := range g.Refused {
		r := &g.Refused[i]
		r.Acknowledged = mark(&g.Acknowledged.Refused, acks.find(now, r.refused()))
	}
	for i := range g.Short {
		s := &g.Short[i]
		s.Acknowledged = mark(&g.Acknowledged.Short, acks.find(now, s.short()))
	}
	for i := range g.Failures {
		f := &g.Failures[i]
		f.Acknowledged = mark(&g.Acknowledged.Failed, acks.find(now, f.Ack()))
	}
}

// Unacknowledged returns an acknowledgement for each gap that has none. The caller adds Format,
// Mailbox, By, Reason, Created and Until.
func (g *Gaps) Unacknowledged() []manifest.Ack {
	var acks []manifest.Ack
	for i := range g.Refused {
		if r := &g.Refused[i]; r.Acknowledged == nil {
			acks = append(acks, r.refused())
		}
	}
	for i := range g.Short {
		if s := &g.Short[i]; s.Acknowledged == nil {
			acks = append(acks, s.short())
		}
	}
	for i := range g.Failures {
		if f := &g.Failures[i]; f.Acknowledged == nil {
			acks = append(acks, f.Ack())
		}
	}
	return acks
}

func (g *Gap) refused() manifest.Ack {
	return manifest.Ack{Kind: manifest.AckRefused, Folder: g.Folder, Path: brief(g.Path), Code: g.Code}
}

func (g *Gap) short() manifest.Ack {
	return manifest.Ack{Kind: manifest.AckShort, Folder: g.Folder, Path: brief(g.Path), Missing: g.ShortBy()}
}

// Ack returns an acknowledgement of the failure, as Unacknowledged does.
func (f *Failure) Ack() manifest.Ack {
	ack := manifest.Ack{Kind: manifest.AckFailed, Folder: f.Folder, Path: brief(f.Path), Item: f.ID, Code: f.Code}
	if len(f.Subject) <= maxBrief {
		ack.Subject = f.Subject
	}
	return ack
}

// maxBrief bounds the bytes of a path or subject in an acknowledgement. These are for people, and
// are omitted if they are longer.
const maxBrief = 1000

// brief returns a path, or nil if it is too long.
func brief(path []string) []string {
	n := 0
	for _, name := range path {
		n += len(name) + 1
	}
	if n > maxBrief {
		return nil
	}
	return path
}
