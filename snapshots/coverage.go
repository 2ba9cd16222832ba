package snapshots

import (
	"time"

	"github.com/mailhaul/mailhaul/manifest"
)

// Counts compare the items that a snapshot holds of a folder, or of all selected folders, with
// Graph's own count. They add up:
//
//	Counted + Extra = Held + LeftOut + Failed + Gone + Missing
type Counts struct {
	Counted  int64 `json:"counted"`  // items by Graph's own count, the totalItemCount of a folder
	Held     int64 `json:"held"`     // items that the snapshot holds, without outdated ones
	Failed   int64 `json:"failed"`   // items that Graph listed and did not export
	Missing  int64 `json:"missing"`  // items that Graph counts beyond all that are known
	LeftOut  int64 `json:"leftOut"`  // items that the selection left out
	Gone     int64 `json:"gone"`     // items that were deleted after Graph counted and listed them
	Extra    int64 `json:"extra"`    // known items beyond Graph's count
	Outdated int64 `json:"outdated"` // items in Failed and LeftOut that are held in an older version

	// Unconfirmed items are held, but the last listing did not show them, and was short of Graph's
	// count by at least this number.
	Unconfirmed int64 `json:"unconfirmed"`

	// Unlisted items are counted by Graph, which could not list them, but listed the others of
	// their folder. They are missing or unconfirmed.
	Unlisted int64 `json:"unlisted"`
}

// CountsOf returns the counts of a folder, given its failed items.
func CountsOf(f *manifest.Folder, failures []manifest.Failure) Counts {
	c := Counts{
		Counted: f.TotalItemCount, LeftOut: f.ItemsLeftOut, Failed: int64(len(failures)),
		Gone: f.Gone, Outdated: f.LeftOutHeld, Unconfirmed: f.Unconfirmed, Unlisted: f.Unlisted,
	}
	for i := range failures {
		if failures[i].Held {
			c.Outdated++
		}
	}
	c.Held = max(0, f.Items-c.Outdated) // each counts once
	known := c.Held + c.LeftOut + c.Failed + c.Gone
	c.Missing, c.Extra = max(0, c.Counted-known), max(0, known-c.Counted)
	return c
}

func (c *Counts) add(d Counts) {
	c.Counted += d.Counted
	c.Extra += d.Extra
	c.Held += d.Held
	c.LeftOut += d.LeftOut
	c.Failed += d.Failed
	c.Missing += d.Missing
	c.Gone += d.Gone
	c.Outdated += d.Outdated
	c.Unconfirmed += d.Unconfirmed
	c.Unlisted += d.Unlisted
}

// ShortBy returns the number of items that Graph counts and did not list.
func (c *Counts) ShortBy() int64 { return max(c.Missing+c.Unconfirmed, c.Unlisted) }

// A Coverage compares a snapshot with what Graph counted.
type Coverage struct {
	Snapshot uint64         `json:"snapshot"`
	State    manifest.State `json:"state"`
	Through  bool           `json:"through"` // the run finished: see manifest.Snapshot.IsThrough
	Started  time.Time      `json:"started"`
	Finished time.Time      `json:"finished"`

	Selection      *manifest.Selection `json:"selection,omitempty"` // nil: everything
	FoldersLeftOut int64               `json:"foldersLeftOut"`
	Run            manifest.Run        `json:"run"`

	Counts // of the selected folders
	Gaps
}

// CoverageOf returns the coverage of a snapshot, without acknowledgements.
func CoverageOf(s *manifest.Snapshot) Coverage {
	c := Coverage{
		Snapshot: s.Sequence, State: s.State, Started: s.Started, Finished: s.Finished, Run: s.Run,
		Through: s.IsThrough(), Selection: s.Selection,
	}
	c.DropGaps()
	failed := map[string][]manifest.Failure{}
	for _, f := range s.Failures {
		failed[f.Folder] = append(failed[f.Folder], f)
	}
	for i := range s.Folders {
		if f := &s.Folders[i]; f.LeftOut != "" {
			c.FoldersLeftOut++
		} else {
			c.addFolder(f, failed[f.ID])
		}
	}
	return c
}

func (c *Coverage) addFolder(f *manifest.Folder, failures []manifest.Failure) {
	counts := CountsOf(f, failures)
	c.Counts.add(counts)
	for i := range failures {
		c.Failures = append(c.Failures, failureOf(&failures[i], f.Path))
	}
	gap := Gap{Folder: f.ID, Path: f.Path, Counts: counts, Code: f.ErrorCode, Error: f.Error}
	switch {
	case f.Error != "" && f.Unlisted == 0:
		c.Refused = append(c.Refused, gap)
	case counts.ShortBy() > 0:
		c.Gaps.Short = append(c.Gaps.Short, gap)
	}
}

// DropGaps removes the gaps and keeps the counts.
func (c *Coverage) DropGaps() { c.Gaps = Gaps{Short: []Gap{}, Refused: []Gap{}, Failures: []Failure{}} }

// Covered reports whether the run finished and every gap is acknowledged.
func (c *Coverage) Covered() bool { return c.Through && c.Open() == 0 }
