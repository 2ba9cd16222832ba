package cli

import (
	"fmt"

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
	fmt.Fprintf(a.out, "mailbox   %s\n", name)
	fmt.Fprintf(a.out, "snapshot  %d, %s, %s\n", r.Snapshot, r.State, r.Manifest)
	fmt.Fprintf(a.out, "items     %s listed = %s exported + %s held already + %s failed + %s gone",
		comma(r.Listed), comma(r.Exported), comma(r.Skipped), comma(r.Failed), comma(r.Gone))
	if r.LeftOut > 0 {
		fmt.Fprintf(a.out, " + %s left out", comma(r.LeftOut))
	}
	if r.Pending > 0 {
		fmt.Fprintf(a.out, " + %s not reached", comma(r.Pending))
	}
	fmt.Fprintln(a.out)
	if r.Removed > 0 {
		fmt.Fprintf(a.out, "removed   %s, no longer in the mailbox, which earlier snapshots keep\n", many(r.Removed, "item"))
	}
	fmt.Fprintf(a.out, "bytes     %s exported, %s stored in %s%s\n", size(r.Bytes.Raw), size(r.Bytes.Stored), many(r.Packs, "pack"), ratio(r.Bytes))
	fmt.Fprintf(a.out, "requests  %s in %.1f s, %s throttled", comma(r.Requests), r.Seconds, comma(r.Throttled))
	if b := r.Budget; b.Allowed > 0 {
		fmt.Fprintf(a.out, "; %s of %s in the last ten minutes", comma(int64(b.Used)), comma(int64(b.Allowed)))
	}
	fmt.Fprintln(a.out)
	if r.Bottleneck != "" {
		fmt.Fprintln(a.out, bottleneckLine(r.Bottleneck, r.Stages))
	}
	for _, s := range r.Short {
		fmt.Fprintf(a.out, "short     %s: Graph counts %s; known: %s\n", printable(pipeline.FormatPath(s.Path)), many(s.TotalItemCount, "item"), comma(s.Known))
	}
	for _, f := range r.Refused {
		fmt.Fprintf(a.out, "refused   %s: %s\n", printable(pipeline.FormatPath(f.Path)), printable(f.Error))
	}
	a.printFailures(r.Failures)
}

func (a *app) printFailures(failures []manifest.Failure) {
	for i, f := range failures {
		if i == shown {
			fmt.Fprintf(a.out, "failed    and %s more: all are in the snapshot's manifest\n", comma(int64(len(failures)-shown)))
			return
		}
		fmt.Fprintf(a.out, "failed    %s: %s: %s (%s)\n", f.ID, f.Code, f.Message, many(int64(f.Attempts), "attempt"))
	}
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
	return fmt.Sprintf("%s, %s, %s, %s; %s", many(c.Packs.Objects, "pack"), many(c.Segments.Objects, "segment"),
		many(c.Manifests.Objects, "manifest"), many(c.Refs.Objects, "ref"), size(c.All().Bytes))
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
