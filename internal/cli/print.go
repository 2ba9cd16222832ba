package cli

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/pipeline"
	"github.com/mailhaul/mailhaul/replicate"
	"github.com/mailhaul/mailhaul/restore"
)

// shown bounds how many failures or problems are printed for people; all of
// them are in the manifest or in --json.
const shown = 10

func (a *app) printReport(r *pipeline.Report) {
	name := r.Mailbox
	if r.User != "" {
		name += " (" + r.User + ")"
	}
	o := outcome{r.State, r.Through, r.Selection != nil, r.Coverage, &r.Gaps}
	a.line("mailbox", printable(name))
	a.line("snapshot", fmt.Sprintf("%d, %s", r.Snapshot, o))
	fmt.Fprintf(a.out, "manifest  %s\n", r.Manifest.Hex())
	a.line("items", account(&r.Run))
	a.line("coverage", equation(&r.Coverage))
	if r.Removed > 0 {
		a.line("removed", many(r.Removed, "item")+", no longer in the mailbox, which earlier snapshots keep")
	}
	fmt.Fprintf(a.out, "bytes     %s exported, %s stored in %s%s\n", size(r.Bytes.Raw), size(r.Bytes.Stored), many(r.Packs, "pack"), ratio(r.Bytes))
	requests := fmt.Sprintf("%s in %.1f s, %s throttled", comma(r.Requests), r.Seconds, comma(r.Throttled))
	if b := r.Budget; b.Allowed > 0 {
		requests += fmt.Sprintf("; %s of %s in the last ten minutes", comma(int64(b.Used)), comma(int64(b.Allowed)))
	}
	a.line("requests", requests)
	if r.Bottleneck != "" {
		fmt.Fprintln(a.out, bottleneckLine(r.Bottleneck, r.Stages))
	}
	a.printGaps(&r.Gaps, r.Through)
}

// account returns what became of the items that a run listed.
func account(r *manifest.Run) string {
	text := fmt.Sprintf("%s listed = %s exported + %s held already + %s failed + %s gone",
		comma(r.Listed), comma(r.Exported), comma(r.Skipped), comma(r.Failed), comma(r.Gone))
	if r.LeftOut > 0 {
		text += fmt.Sprintf(" + %s left out", comma(r.LeftOut))
	}
	if r.Pending > 0 {
		text += fmt.Sprintf(" + %s not reached", comma(r.Pending))
	}
	return text
}

func (a *app) printVerification(v *restore.Verification, data bool) {
	fmt.Fprintf(a.out, "checked   %s of %s, %s with %s\n",
		many(v.Snapshots, "snapshot"), many(v.Mailboxes, "mailbox"), many(v.Segments, "segment"), many(v.Rows, "row"))
	if data {
		fmt.Fprintf(a.out, "read      %s with %s, %s\n", many(v.Packs, "pack"), many(v.Chunks, "chunk"), size(v.Bytes))
	} else {
		fmt.Fprintln(a.out, "read      no packs (--data none): that they exist was checked")
	}
	fmt.Fprintf(a.out, "held      %s in the last snapshots\n", many(v.Items, "item"))
	if v.Acks > 0 {
		fmt.Fprintf(a.out, "known     %s of gaps\n", many(v.Acks, "acknowledgement"))
	}
	if v.Unreferenced > 0 {
		fmt.Fprintf(a.out, "spare     %s that no snapshot needs, as interrupted runs leave behind\n", many(v.Unreferenced, "object"))
	}
	if v.Foreign > 0 {
		fmt.Fprintf(a.out, "foreign   %s, not mailhaul's\n", many(v.Foreign, "object"))
	}
	for i, p := range v.Problems {
		if i == shown {
			fmt.Fprintf(a.out, "damaged   and %s more: see --json\n", comma(v.Found-shown))
			break
		}
		fmt.Fprintf(a.out, "damaged   %s: %s\n", p.Object, p.Error)
	}
	if v.Found == 0 {
		fmt.Fprintln(a.out, "result    whole")
	}
}

func (a *app) printCopy(r *replicate.Report) {
	fmt.Fprintf(a.out, "copied    %s of %s: %s\n", many(r.Snapshots, "snapshot"), many(r.Mailboxes, "mailbox"), counts(&r.Copied))
	fmt.Fprintf(a.out, "held      %s\n", counts(&r.Skipped))
	for i, p := range r.Problems {
		if i == shown {
			fmt.Fprintf(a.out, "problem   and %s more: see --json\n", comma(r.Found-shown))
			break
		}
		fmt.Fprintf(a.out, "problem   %s: %s\n", p.Object, p.Error)
	}
	if r.NotCopied > 0 {
		fmt.Fprintf(a.out, "left out  %s for want of that\n", many(r.NotCopied, "snapshot"))
	}
}

func counts(c *replicate.Counts) string {
	text := fmt.Sprintf("%s, %s, %s, %s", many(c.Packs.Objects, "pack"), many(c.Segments.Objects, "segment"),
		many(c.Manifests.Objects, "manifest"), many(c.Refs.Objects, "ref"))
	if n := c.Acks.Objects; n > 0 {
		text += ", " + many(n, "acknowledgement")
	}
	return text + "; " + size(c.All().Bytes)
}

func comma(n int64) string { return humanize.Comma(n) }

// many returns a number of what a word names, in the plural unless it is one.
func many(n int64, word string) string { return comma(n) + " " + english.PluralWord(int(n), word, "") }

func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func ratio(b pipeline.Bytes) string {
	if b.Stored == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.2f : 1)", float64(b.Raw)/float64(b.Stored))
}

// oneLine makes one line of a text, of bounded length.
func oneLine(text string) string {
	const maxLength = 800 // bytes
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxLength {
		text = strings.ToValidUTF8(text[:maxLength], "") + "…"
	}
	return text
}
