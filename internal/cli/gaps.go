package cli

import (
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/snapshots"
)

// An outcome is what people are shown of how far a snapshot came.
type outcome struct {
	state    manifest.State
	through  bool
	selected bool // it was limited by a selection
	counts   snapshots.Counts
	gaps     *snapshots.Gaps
}

// String returns the state, and what it is without.
func (o outcome) String() string {
	text := string(o.state)
	if o.through && o.selected && len(o.gaps.Refused) == 0 {
		text = "complete for its selection"
	}
	var without []string
	add := func(n int64, word, what string) {
		if n > 0 {
			without = append(without, many(n, word)+" "+what)
		}
	}
	add(o.counts.Missing, "item", "missing")
	add(o.counts.Failed, "item", "failed")
	add(o.counts.Unconfirmed, "item", "unconfirmed")
	add(int64(len(o.gaps.Refused)), "folder", "refused")
	if len(without) > 0 {
		text += " with " + english.WordSeries(without, "and")
	}
	return text + o.known()
}

// known returns how many of the gaps are acknowledged.
func (o outcome) known() string {
	all, open := len(o.gaps.Short)+len(o.gaps.Refused)+len(o.gaps.Failures), o.gaps.Open()
	switch {
	case open == all:
		return ""
	case open == 0:
		return ", acknowledged"
	}
	return fmt.Sprintf(", %d of %d gaps acknowledged", all-open, all)
}

// equation returns the counts as what adds up: docs/coverage.md defines the words.
func equation(c *snapshots.Counts) string {
	text := comma(c.Counted) + " counted by Graph"
	add := func(n int64, what string) {
		if n > 0 {
			text += fmt.Sprintf(" + %s %s", comma(n), what)
		}
	}
	add(c.Extra, "extra")
	text += " = " + comma(c.Held) + " held"
	add(c.LeftOut, "left out")
	add(c.Failed, "failed")
	add(c.Gone, "gone")
	add(c.Missing, "missing")
	if c.Outdated > 0 {
		text += fmt.Sprintf("; %s of these outdated", comma(c.Outdated))
	}
	if c.Unconfirmed > 0 {
		text += fmt.Sprintf("; %s of those held unconfirmed", comma(c.Unconfirmed))
	}
	return text
}

// A gapLine is what people are shown of a gap.
type gapLine struct {
	label, text  string
	id           string // of an item
	acknowledged *snapshots.Acknowledgement
}

// gapLines returns a line for each gap, those that are not acknowledged first. Of a run that did
// not come to its end, every folder may be short.
func gapLines(g *snapshots.Gaps, through bool) []gapLine {
	var lines []gapLine
	for i := range g.Refused {
		r := &g.Refused[i]
		text := fmt.Sprintf("%s: %s; %s", formatPath(r.Path), printable(r.Error), equation(&r.Counts))
		lines = append(lines, gapLine{"refused", text, "", r.Acknowledged})
	}
	for i := range g.Short {
		s := &g.Short[i]
		if !through {
			continue
		}
		text := formatPath(s.Path) + ": " + equation(&s.Counts)
		if s.Error != "" {
			text += "; " + printable(s.Error)
		}
		lines = append(lines, gapLine{"short", text, "", s.Acknowledged})
	}
	for i := range g.Failures {
		f := &g.Failures[i]
		lines = append(lines, gapLine{"failed", describeFailure(f), printable(f.ID), f.Acknowledged})
	}
	slices.SortStableFunc(lines, func(a, b gapLine) int { return rank(a.acknowledged != nil) - rank(b.acknowledged != nil) })
	return lines
}

func rank(last bool) int {
	if last {
		return 1
	}
	return 0
}

func formatPath(path []string) string { return printable(pipeline.FormatPath(path)) }

// maxSubject is how much of a subject is shown, in characters.
const maxSubject = 60

// describeFailure returns which item failed, where, and why.
func describeFailure(f *snapshots.Failure) string {
	what := printable(f.Type)
	if f.Subject != "" || f.Sender != nil {
		what = fmt.Sprintf("%q", shorten(printable(f.Subject), maxSubject))
	}
	if s := f.Sender; s != nil {
		what += " from " + shorten(senderOf(s), maxSubject)
	}
	at := f.ReceivedDateTime
	if at.IsZero() {
		at = f.CreatedDateTime
	}
	why := printable(f.Code)
	if f.Message != "" {
		why += ": " + printable(f.Message)
	}
	text := fmt.Sprintf("%s, %s, in %s: %s (%s in %s)", what, at.Format(shortTime), formatPath(f.Path), why,
		many(int64(f.Attempts), "attempt"), many(int64(f.Runs), "run"))
	if f.Held {
		text += "; outdated: an older version is held"
	}
	return text
}

// shortTime is how a time is shown where there is little room.
const shortTime = "2006-01-02 15:04"

// senderOf returns whom an item is from.
func senderOf(s *manifest.Address) string {
	if s.Address != "" {
		return printable(s.Address)
	}
	return printable(s.Name)
}

// shorten cuts a text that has more than n characters.
func shorten(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	return string([]rune(text)[:n-1]) + "…"
}

// printGaps prints the first gaps, a few lines each.
func (a *app) printGaps(g *snapshots.Gaps, through bool) {
	lines := gapLines(g, through)
	for i, l := range lines {
		if i == shown {
			a.line("", fmt.Sprintf("and %s more: --json has all of them", comma(int64(len(lines)-shown))))
			return
		}
		a.line(l.label, l.text)
		if l.id != "" {
			a.line("", l.id)
		}
		if k := l.acknowledged; k != nil {
			a.line("", fmt.Sprintf("acknowledged until %s by %s: %s", k.Until.Format(time.DateOnly), printable(k.By), printable(k.Reason)))
		}
	}
}
