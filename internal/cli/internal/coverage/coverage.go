// Package coverage describes for people what a snapshot covers: its counts, its gaps and their
// acknowledgements. docs/coverage.md defines the words.
package coverage

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// An Outcome is how far a snapshot came.
type Outcome struct {
	State    manifest.State
	Through  bool // the run finished
	Selected bool // it was limited by a selection
	Counts   snapshots.Counts
	Gaps     *snapshots.Gaps
}

// String returns the state and the kinds of gaps.
func (o Outcome) String() string {
	s := string(o.State)
	if o.Through && o.Selected && len(o.Gaps.Refused) == 0 {
		s = "complete for its selection"
	}
	var gaps []string
	add := func(n int64, word, what string) {
		if n > 0 {
			gaps = append(gaps, text.Many(n, word)+" "+what)
		}
	}
	add(o.Counts.Missing, "item", "missing")
	add(o.Counts.Failed, "item", "failed")
	add(o.Counts.Unconfirmed, "item", "unconfirmed")
	add(int64(len(o.Gaps.Refused)), "folder", "refused")
	if len(gaps) > 0 {
		s += " with " + english.WordSeries(gaps, "and")
	}
	return s + o.acknowledged()
}

// acknowledged returns how many of the gaps are acknowledged, if any.
func (o Outcome) acknowledged() string {
	all, open := len(o.Gaps.Short)+len(o.Gaps.Refused)+len(o.Gaps.Failures), o.Gaps.Open()
	switch {
	case open == all:
		return ""
	case open == 0:
		return ", acknowledged"
	}
	return fmt.Sprintf(", %d of %d gaps acknowledged", all-open, all)
}

// Equation returns the counts as an equation.
func Equation(c *snapshots.Counts) string {
	s := text.Comma(c.Counted) + " counted by Graph"
	add := func(n int64, what string) {
		if n > 0 {
			s += fmt.Sprintf(" + %s %s", text.Comma(n), what)
		}
	}
	add(c.Extra, "extra")
	s += " = " + text.Comma(c.Held) + " held"
	add(c.LeftOut, "left out")
	add(c.Failed, "failed")
	add(c.Gone, "gone")
	add(c.Missing, "missing")
	if c.Outdated > 0 {
		s += fmt.Sprintf("; %s of the failed and left out items are outdated", text.Comma(c.Outdated))
	}
	if c.Unconfirmed > 0 {
		s += fmt.Sprintf("; %s of the held items are unconfirmed", text.Comma(c.Unconfirmed))
	}
	return s
}
