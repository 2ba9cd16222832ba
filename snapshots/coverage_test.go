package snapshots_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mailhaul/mailhaul/manifest"
	"github.com/mailhaul/mailhaul/snapshots"
)

// failures returns n failures of items in a folder. The first ones are held.
func failures(folder string, n, held int) (all []manifest.Failure) {
	for i := range n {
		all = append(all, manifest.Failure{ID: string(rune('a' + i)), Folder: folder, Code: "ErrorCorruptData", Held: i < held})
	}
	return all
}

func TestCounts(t *testing.T) {
	for name, c := range map[string]struct {
		folder       manifest.Folder
		failed, held int
		want         snapshots.Counts
	}{
		"all held": {manifest.Folder{TotalItemCount: 9, Items: 9}, 0, 0, snapshots.Counts{Counted: 9, Held: 9}},
		"missing":  {manifest.Folder{TotalItemCount: 9, Items: 7}, 0, 0, snapshots.Counts{Counted: 9, Held: 7, Missing: 2}},
		"beyond":   {manifest.Folder{TotalItemCount: 7, Items: 9}, 0, 0, snapshots.Counts{Counted: 7, Held: 9, Extra: 2}},
		"failed":   {manifest.Folder{TotalItemCount: 9, Items: 7}, 2, 0, snapshots.Counts{Counted: 9, Held: 7, Failed: 2}},
		"outdated": {manifest.Folder{TotalItemCount: 9, Items: 8}, 2, 1, snapshots.Counts{Counted: 9, Held: 7, Failed: 2, Outdated: 1}},
		"outdated and missing": {manifest.Folder{TotalItemCount: 9, Items: 7}, 2, 2,
			snapshots.Counts{Counted: 9, Held: 5, Failed: 2, Outdated: 2, Missing: 2}},
		"left out": {manifest.Folder{TotalItemCount: 9, Items: 5, ItemsLeftOut: 4}, 0, 0, snapshots.Counts{Counted: 9, Held: 5, LeftOut: 4}},
		"left out, held": {manifest.Folder{TotalItemCount: 9, Items: 8, ItemsLeftOut: 4, LeftOutHeld: 3}, 0, 0,
			snapshots.Counts{Counted: 9, Held: 5, LeftOut: 4, Outdated: 3}},
		"gone":     {manifest.Folder{TotalItemCount: 9, Items: 8, Gone: 1}, 0, 0, snapshots.Counts{Counted: 9, Held: 8, Gone: 1}},
		"unlisted": {manifest.Folder{TotalItemCount: 9, Items: 8, Unlisted: 1}, 0, 0, snapshots.Counts{Counted: 9, Held: 8, Missing: 1, Unlisted: 1}},
		"unconfirmed": {manifest.Folder{TotalItemCount: 9, Items: 8, Unconfirmed: 2}, 0, 0,
			snapshots.Counts{Counted: 9, Held: 8, Missing: 1, Unconfirmed: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			got := snapshots.CountsOf(&c.folder, failures("", c.failed, c.held))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("counts differ:\n%s", diff)
			}
			if got.Counted+got.Extra != got.Held+got.LeftOut+got.Failed+got.Gone+got.Missing {
				t.Errorf("counts do not add up: %+v", got)
			}
		})
	}
}

// gappy returns a snapshot with a gap of each kind: a refused folder, a short one, one with more
// items than its count, and failed items in a folder that is selected and in one that is not.
func gappy() *manifest.Snapshot {
	s := &manifest.Snapshot{
		State: manifest.StatePartial, Through: true,
		Folders: []manifest.Folder{
			{ID: "short", Path: []string{"Short"}, TotalItemCount: 50, Items: 28},
			{ID: "beyond", Path: []string{"Beyond"}, TotalItemCount: 10, Items: 26},
			{ID: "refused", Path: []string{"Audits"}, TotalItemCount: 3, Error: "list: 403 (request-id 1)", ErrorCode: "403 ErrorAccessDenied"},
			{ID: "failed", Path: []string{"Failed"}, TotalItemCount: 4, Items: 3},
			{ID: "out", Path: []string{"Out"}, TotalItemCount: 7, LeftOut: "excluded"},
		},
		Failures: append(failures("failed", 1, 0), failures("out", 2, 0)...),
	}
	f := &s.Failures[0]
	f.Message, f.Attempts, f.Runs = "cannot", 3, 2
	f.Item = manifest.Row{Type: "IPM.Note", Properties: manifest.Properties{Subject: "Offer", ReceivedDateTime: time.Unix(1e9, 0)}}
	return s
}

func TestCoverage(t *testing.T) {
	c := snapshots.CoverageOf(gappy())
	want := snapshots.Counts{Counted: 67, Extra: 16, Held: 57, Failed: 1, Missing: 25}
	if diff := cmp.Diff(want, c.Counts); diff != "" {
		t.Errorf("counts differ:\n%s", diff)
	}
	gaps := snapshots.Gaps{
		Short: []snapshots.Gap{{Folder: "short", Path: []string{"Short"}, Counts: snapshots.Counts{Counted: 50, Held: 28, Missing: 22}}},
		Refused: []snapshots.Gap{{Folder: "refused", Path: []string{"Audits"}, Counts: snapshots.Counts{Counted: 3, Missing: 3},
			Code: "403 ErrorAccessDenied", Error: "list: 403 (request-id 1)"}},
		Failures: []snapshots.Failure{{ID: "a", Folder: "failed", Path: []string{"Failed"}, Code: "ErrorCorruptData", Message: "cannot",
			Attempts: 3, Runs: 2, Type: "IPM.Note", Properties: manifest.Properties{Subject: "Offer", ReceivedDateTime: time.Unix(1e9, 0)}}},
	}
	if diff := cmp.Diff(gaps, c.Gaps); diff != "" {
		t.Errorf("gaps differ:\n%s", diff)
	}
	if c.FoldersLeftOut != 1 || !c.Through || c.Open() != 3 || c.Covered() {
		t.Errorf("coverage is %+v", c)
	}
}

// TestCovered: an interrupted run does not cover the mailbox, whatever its counts are.
func TestCovered(t *testing.T) {
	s := &manifest.Snapshot{State: manifest.StatePartial, Folders: []manifest.Folder{{ID: "a", TotalItemCount: 1, Items: 1}}}
	if c := snapshots.CoverageOf(s); c.Covered() {
		t.Error("an interrupted run covers the mailbox")
	}
	s.Through, s.Selection = true, &manifest.Selection{}
	if c := snapshots.CoverageOf(s); !c.Covered() {
		t.Error("a run with a selection does not cover it")
	}
	s.Through, s.Selection, s.State = false, nil, manifest.StateComplete
	if c := snapshots.CoverageOf(s); !c.Covered() {
		t.Error("a complete run does not cover the mailbox")
	}
}
