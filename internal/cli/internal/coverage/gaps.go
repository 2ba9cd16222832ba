package coverage

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// maxSubject bounds the characters that are shown of a subject or a sender.
const maxSubject = 60

// A GapLine describes a gap.
type GapLine struct {
	Label, Text  string
	ID           string // of an item
	Acknowledged *snapshots.Acknowledgement
}

// GapLines returns a line for each gap, first those that are not acknowledged. Short folders are
// omitted unless the run finished: until then, any folder may be short.
func GapLines(g *snapshots.Gaps, through bool) []GapLine {
	var lines []GapLine
	for i := range g.Refused {
		r := &g.Refused[i]
		s := fmt.Sprintf("%s: %s; %s", text.Path(r.Path), text.Printable(r.Error), Equation(&r.Counts))
		lines = append(lines, GapLine{"refused", s, "", r.Acknowledged})
	}
	for i := 0; through && i < len(g.Short); i++ {
		f := &g.Short[i]
		s := text.Path(f.Path) + ": " + Equation(&f.Counts)
		if f.Error != "" {
			s += "; " + text.Printable(f.Error)
		}
		lines = append(lines, GapLine{"short", s, "", f.Acknowledged})
	}
	for i := range g.Failures {
		f := &g.Failures[i]
		lines = append(lines, GapLine{"failed", describeFailure(f), text.Printable(f.ID), f.Acknowledged})
	}
	open := slices.DeleteFunc(slices.Clone(lines), func(l GapLine) bool { return l.Acknowledged != nil })
	return append(open, slices.DeleteFunc(lines, func(l GapLine) bool { return l.Acknowledged == nil })...)
}

// describeFailure returns which item failed, where and why.
func describeFailure(f *snapshots.Failure) string {
	what := text.Printable(f.Type)
	if f.Subject != "" || f.Sender != nil {
		what = fmt.Sprintf("%q", text.Shorten(text.Printable(f.Subject), maxSubject))
	}
	if s := f.Sender; s != nil {
		what += " from " + text.Shorten(text.Printable(cmp.Or(s.Address, s.Name)), maxSubject)
	}
	at := f.ReceivedDateTime
	if at.IsZero() {
		at = f.CreatedDateTime
	}
	why := text.Printable(f.Code)
	if f.Message != "" {
		why += ": " + text.Printable(f.Message)
	}
	s := fmt.Sprintf("%s, %s, in %s: %s (%s in %s)", what, at.Format(text.ShortTime), text.Path(f.Path), why,
		text.Many(int64(f.Attempts), "attempt"), text.Many(int64(f.Runs), "run"))
	if f.Held {
		s += "; outdated: an older version is held"
	}
	return s
}

// DescribeAck returns the gap that an acknowledgement is for.
func DescribeAck(ack *snapshots.Ack) string {
	folder := cmp.Or(text.Path(ack.Path), text.Printable(ack.Folder))
	switch ack.Kind {
	case manifest.AckRefused:
		return fmt.Sprintf("refused folder %s: %s", folder, text.Printable(ack.Code))
	case manifest.AckShort:
		return fmt.Sprintf("short folder %s: up to %s missing", folder, text.Many(ack.Missing, "item"))
	}
	return fmt.Sprintf("failed item %q in %s: %s", text.Shorten(text.Printable(cmp.Or(ack.Subject, ack.Item)), maxSubject), folder, text.Printable(ack.Code))
}

// AckState returns active, expired or revoked.
func AckState(ack *snapshots.Ack, now time.Time) string {
	switch {
	case ack.Revoked != nil:
		return "revoked"
	case !ack.Active(now):
		return "expired"
	}
	return "active"
}
