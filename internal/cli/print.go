package cli

import (
	"fmt"
	"time"

	"github.com/mailhaul/mailhaul/internal/cli/internal/coverage"
	"github.com/mailhaul/mailhaul/internal/cli/internal/text"
	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/restore"
	"github.com/mailhaul/mailhaul/snapshots"
)

// shown bounds the gaps or problems that are printed for people. All of them are in --json.
const shown = 10

func (a *app) printReport(r *pipeline.Report) {
	name := r.Mailbox
	if r.User != "" {
		name += " (" + r.User + ")"
	}
	o := coverage.Outcome{State: r.State, Through: r.Through, Selected: r.Selection != nil, Counts: r.Coverage, Gaps: &r.Gaps}
	a.line("mailbox", text.Printable(name))
	a.line("snapshot", fmt.Sprintf("%d, %s", r.Snapshot, o))
	fmt.Fprintf(a.out, "manifest  %s\n", r.Manifest.Hex())
	a.line("items", account(&r.Run))
	a.line("coverage", coverage.Equation(&r.Coverage))
	if r.Removed > 0 {
		a.line("removed", text.Many(r.Removed, "item")+", no longer in the mailbox; earlier snapshots hold them")
	}
	fmt.Fprintf(a.out, "bytes     %s exported, %s stored in %s%s\n", text.Size(r.Bytes.Raw), text.Size(r.Bytes.Stored), text.Many(r.Packs, "pack"), ratio(r.Bytes))
	requests := fmt.Sprintf("%s in %.1f s, %s throttled", text.Comma(r.Requests), r.Seconds, text.Comma(r.Throttled))
	if b := r.Budget; b.Allowed > 0 {
		requests += fmt.Sprintf("; %s of %s in the last ten minutes", text.Comma(int64(b.Used)), text.Comma(int64(b.Allowed)))
	}
	a.line("requests", requests)
	if r.Bottleneck != "" {
		fmt.Fprintln(a.out, bottleneckLine(r.Bottleneck, r.Stages))
	}
	a.printGaps(&r.Gaps, r.Through)
}

// account returns the outcomes of the items that a run listed, as an equation.
func account(r *manifest.Run) string {
	s := fmt.Sprintf("%s listed = %s exported + %s held already + %s failed + %s gone",
		text.Comma(r.Listed), text.Comma(r.Exported), text.Comma(r.Skipped), text.Comma(r.Failed), text.Comma(r.Gone))
	if r.LeftOut > 0 {
		s += fmt.Sprintf(" + %s left out", text.Comma(r.LeftOut))
	}
	if r.Pending > 0 {
		s += fmt.Sprintf(" + %s not reached", text.Comma(r.Pending))
	}
	return s
}

func (a *app) printVerification(v *restore.Verification, data bool) {
	fmt.Fprintf(a.out, "checked   %s of %s, %s with %s\n",
		text.Many(v.Snapshots, "snapshot"), text.Many(v.Mailboxes, "mailbox"), text.Many(v.Segments, "segment"), text.Many(v.Rows, "row"))
	if data {
		fmt.Fprintf(a.out, "read      %s with %s, %s\n", text.Many(v.Packs, "pack"), text.Many(v.Chunks, "chunk"), text.Size(v.Bytes))
	} else {
		fmt.Fprintln(a.out, "read      no packs (--data none); they exist")
	}
	fmt.Fprintf(a.out, "held      %s in the last snapshots\n", text.Many(v.Items, "item"))
	if v.Acks > 0 {
		fmt.Fprintf(a.out, "and       %s of gaps\n", text.Many(v.Acks, "acknowledgement"))
	}
	if v.Unreferenced > 0 {
		fmt.Fprintf(a.out, "spare     %s that no snapshot needs, left by interrupted runs\n", text.Many(v.Unreferenced, "object"))
	}
	if v.Foreign > 0 {
		fmt.Fprintf(a.out, "foreign   %s that mailhaul did not write\n", text.Many(v.Foreign, "object"))
	}
	for i, p := range v.Problems {
		if i == shown {
			fmt.Fprintf(a.out, "damaged   and %s more: see --json\n", text.Comma(v.Found-shown))
			break
		}
		fmt.Fprintf(a.out, "damaged   %s: %s\n", p.Object, p.Error)
	}
	if v.Found == 0 {
		fmt.Fprintln(a.out, "result    intact")
	}
}

func (a *app) printCopy(r *replicate.Report) {
	fmt.Fprintf(a.out, "copied    %s of %s: %s\n", text.Many(r.Snapshots, "snapshot"), text.Many(r.Mailboxes, "mailbox"), counts(&r.Copied))
	fmt.Fprintf(a.out, "held      %s\n", counts(&r.Skipped))
	for i, p := range r.Problems {
		if i == shown {
			fmt.Fprintf(a.out, "problem   and %s more: see --json\n", text.Comma(r.Found-shown))
			break
		}
		fmt.Fprintf(a.out, "problem   %s: %s\n", p.Object, p.Error)
	}
	if r.NotCopied > 0 {
		fmt.Fprintf(a.out, "left out  %s that depend on these objects\n", text.Many(r.NotCopied, "snapshot"))
	}
}

func counts(c *replicate.Counts) string {
	s := fmt.Sprintf("%s, %s, %s, %s", text.Many(c.Packs.Objects, "pack"), text.Many(c.Segments.Objects, "segment"),
		text.Many(c.Manifests.Objects, "manifest"), text.Many(c.Refs.Objects, "ref"))
	if n := c.Acks.Objects; n > 0 {
		s += ", " + text.Many(n, "acknowledgement")
	}
	return s + "; " + text.Size(c.All().Bytes)
}

func ratio(b pipeline.Bytes) string {
	if b.Stored == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.2f : 1)", float64(b.Raw)/float64(b.Stored))
}

// line prints a labelled line.
func (a *app) line(label, words string) { fmt.Fprint(a.out, text.Line(label, words, a.width)) }

// printGaps prints the first gaps, a few lines for each.
func (a *app) printGaps(g *snapshots.Gaps, through bool) {
	lines := coverage.GapLines(g, through)
	for i, l := range lines {
		if i == shown {
			a.line("", fmt.Sprintf("and %s more: --json has all of them", text.Comma(int64(len(lines)-shown))))
			return
		}
		a.line(l.Label, l.Text)
		if l.ID != "" {
			a.line("", l.ID)
		}
		if k := l.Acknowledged; k != nil {
			a.line("", fmt.Sprintf("acknowledged until %s by %s: %s", k.Until.Format(time.DateOnly), text.Printable(k.By), text.Printable(k.Reason)))
		}
	}
}
