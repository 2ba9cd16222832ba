// Package content makes up the messages in items: who wrote them, what they say and what is
// attached. A message comes from random numbers alone, so it needs no memory until its stream is
// written.
package content

import (
	"strings"
	"time"

	"github.com/mailhaul/mailhaul/simulator/internal/rng"
)

// Generator makes messages. It may be used by several goroutines at once.
type Generator struct {
	vocabulary *vocabulary
	sizes      Sizes
}

// NewGenerator returns a generator of messages of the given sizes.
func NewGenerator(sizes Sizes) *Generator {
	return &Generator{vocabulary: newVocabulary(), sizes: sizes}
}

// Message is what a listing shows of a message, and the seeds of the rest. It is cheap to make.
type Message struct {
	Class      string
	Categories []string
	Created    time.Time
	ListedSize int64 // in bytes, as listings report it: near the length of the stream, except for about one in forty

	size     int64    // about the length of the stream
	identity rng.Rand // seeds what stays the same in all versions
	rest     rng.Rand // seeds everything else
}

// Message makes a version of the message that number stands for. The seed is the mailbox's. The
// class suits a folder of the given type, such as IPF.Note.
func (g *Generator) Message(seed, number uint64, version uint32, folderType string, created time.Time) Message {
	m := Message{Created: created}
	fixed := rng.New(seed, number)
	m.Class = messageClass(folderType, &fixed)
	m.Categories = categories(&fixed)
	m.identity = rng.Rand(fixed.Next())

	m.rest = rng.New(seed, number, uint64(version), 'c')
	m.size = g.sizes.draw(m.Class, &m.rest)
	m.ListedSize = m.size * (960 + m.rest.Below(90)) / 1000
	if m.rest.Chance(25) {
		m.ListedSize = m.size / 40
	}
	return m
}

// messageClass chooses a class that suits the folder.
func messageClass(folderType string, r *rng.Rand) string {
	n := r.Below(1000)
	switch {
	case strings.HasPrefix(folderType, "IPF.Appointment"):
		return "IPM.Appointment"
	case strings.HasPrefix(folderType, "IPF.Contact"):
		if n < 60 {
			return "IPM.DistList"
		}
		return "IPM.Contact"
	case folderType == "IPF.Task":
		return "IPM.Task"
	case folderType == "IPF.StickyNote":
		return "IPM.StickyNote"
	case folderType == "IPF.Journal":
		return "IPM.Activity"
	}
	switch {
	case n < 35:
		return "IPM.Schedule.Meeting.Request"
	case n < 55:
		return "IPM.Schedule.Meeting.Resp.Pos"
	case n < 60:
		return "IPM.Schedule.Meeting.Canceled"
	case n < 75:
		return "REPORT.IPM.Note.NDR"
	case n < 80:
		return "REPORT.IPM.Note.IPNRN"
	}
	return "IPM.Note"
}

var categoryNames = []string{"Red category", "Customer", "Follow up", "Büro", "Ärger 🔥", "a;b,c", "Project Orion"}

// categories chooses the categories; most messages have none.
func categories(r *rng.Rand) []string {
	names := []string{}
	if r.Chance(120) {
		for range 1 + r.Below(2) {
			names = append(names, rng.Pick(r, categoryNames))
		}
	}
	return names
}
