package cli

import (
	"fmt"

	"github.com/dustin/go-humanize"

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
		fmt.Fprintf(a.out, "removed   %s items that are no longer in the mailbox; earlier snapshots keep them\n", comma(r.Removed))
	}
	fmt.Fprintf(a.out, "bytes     %s exported, %s stored in %s packs%s\n", size(r.Bytes.Raw), size(r.Bytes.Stored), comma(r.Packs), ratio(r.Bytes))
	fmt.Fprintf(a.out, "requests  %s in %.1f s, %s throttled", comma(r.Requests), r.Seconds, comma(r.Throttled))
	if b := r.Budget; b.Allowed > 0 {
		fmt.Fprintf(a.out, "; %s of %s in the last ten minutes", comma(int64(b.Used)), comma(int64(b.Allowed)))
	}
	fmt.Fprintln(a.out)
	if r.Bottleneck != "" {
		fmt.Fprintln(a.out, bottleneckLine(r.Bottleneck, r.Stages))
	}
	for _, s := range r.Short {
		fmt.Fprintf(a.out, "short     %s: Graph counts %s items, and %s are known\n", printable(pipeline.FormatPath(s.Path)), comma(s.TotalItemCount), comma(s.Known))
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
		fmt.Fprintf(a.out, "failed    %s: %s: %s (%d attempts)\n", f.ID, f.Code, f.Message, f.Attempts)
	}
}

func (a *app) printVerification(v *restore.Verification, data bool) {
	fmt.Fprintf(a.out, "checked   %s snapshots of %s mailboxes, %s segments with %s rows\n",
		comma(v.Snapshots), comma(v.Mailboxes), comma(v.Segments), comma(v.Rows))
	if data {
		fmt.Fprintf(a.out, "read      %s packs with %s chunks, %s\n", comma(v.Packs), comma(v.Chunks), size(v.Bytes))
	} else {
		fmt.Fprintln(a.out, "read      no packs (--data none): that they exist was checked")
	}
	fmt.Fprintf(a.out, "held      %s items in the last snapshots\n", comma(v.Items))
	if v.Unreferenced > 0 {
		fmt.Fprintf(a.out, "spare     %s objects that no snapshot needs, as interrupted runs leave them\n", comma(v.Unreferenced))
	}
	if v.Foreign > 0 {
		fmt.Fprintf(a.out, "foreign   %s objects that are not mailhaul's\n", comma(v.Foreign))
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
	fmt.Fprintf(a.out, "copied    %s snapshots of %s mailboxes: %s\n", comma(r.Snapshots), comma(r.Mailboxes), counts(&r.Copied))
	fmt.Fprintf(a.out, "held      %s\n", counts(&r.Skipped))
	for i, p := range r.Problems {
		if i == shown {
			fmt.Fprintf(a.out, "problem   and %s more: see --json\n", comma(r.Found-shown))
			break
		}
		fmt.Fprintf(a.out, "problem   %s: %s\n", p.Object, p.Error)
	}
	if r.NotCopied > 0 {
		fmt.Fprintf(a.out, "left out  %s snapshots that depend on that\n", comma(r.NotCopied))
	}
}

func counts(c *replicate.Counts) string {
	return fmt.Sprintf("%s packs, %s segments, %s manifests, %s refs; %s", comma(c.Packs.Objects), comma(c.Segments.Objects),
		comma(c.Manifests.Objects), comma(c.Refs.Objects), size(c.All().Bytes))
}

func comma(n int64) string { return humanize.Comma(n) }
func size(n int64) string  { return humanize.IBytes(uint64(max(n, 0))) }

func ratio(b pipeline.Bytes) string {
	if b.Stored == 0 {
		return ""
	}
	return fmt.Sprintf(" (%.2f : 1)", float64(b.Raw)/float64(b.Stored))
}
