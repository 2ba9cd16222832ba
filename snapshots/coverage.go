package snapshots

import (
	"time"

	"github.com/mailhaul/mailhaul/manifest"
)

// A Coverage holds what a snapshot has against what Graph said there was.
type Coverage struct {
	Snapshot uint64         `json:"snapshot"`
	State    manifest.State `json:"state"`
	Through  bool           `json:"through"` // the run went through all that was selected
	Started  time.Time      `json:"started"`
	Finished time.Time      `json:"finished"`

	Counted int64 `json:"counted"` // items by Graph's own counts, of the folders that are selected
	Held    int64 `json:"held"`    // items of these folders
	LeftOut int64 `json:"leftOut"` // items of these folders that are not selected
	Failed  int64 `json:"failed"`
	Missing int64 `json:"missing"` // what is neither, over all folders that are short

	FoldersLeftOut int               `json:"foldersLeftOut"`
	Gaps           []Gap             `json:"gaps"` // folders that are short or could not be listed
	Run            manifest.Run      `json:"run"`
	Failures       []FailureCoverage `json:"failures"`
}

// A Gap is a folder of which not everything is known.
type Gap struct {
	Folder         string   `json:"folder"` // its id
	Path           []string `json:"path"`
	TotalItemCount int64    `json:"totalItemCount"`
	Held           int64    `json:"held"`
	LeftOut        int64    `json:"leftOut"`
	Failed         int64    `json:"failed"`
	Error          string   `json:"error,omitempty"` // why it could not be listed
}

// A FailureCoverage is an item that is not held, or not as it is now.
type FailureCoverage struct {
	ID       string   `json:"id"`
	Path     []string `json:"path"`
	Code     string   `json:"code"`
	Message  string   `json:"message,omitempty"`
	Attempts int      `json:"attempts"`
	Runs     int      `json:"runs"`
	Subject  string   `json:"subject,omitempty"`
}

// CoverageOf tells what a snapshot covers.
func CoverageOf(s *manifest.Snapshot) Coverage {
	c := Coverage{
		Snapshot: s.Sequence, State: s.State, Started: s.Started, Finished: s.Finished, Run: s.Run,
		Through: s.State == manifest.StateComplete || s.Selection != nil && s.Selection.Through,
		Failed:  int64(len(s.Failures)), Gaps: []Gap{}, Failures: make([]FailureCoverage, 0, len(s.Failures)),
	}
	paths, failed, held := map[string][]string{}, map[string]int64{}, map[string]int64{}
	for i := range s.Folders {
		paths[s.Folders[i].ID] = s.Folders[i].Path
	}
	for _, f := range s.Failures {
		failed[f.Folder]++
		if f.Held {
			held[f.Folder]++ // it counts once, as failed
		}
		c.Failures = append(c.Failures, FailureCoverage{
			f.ID, paths[f.Folder], f.Code, f.Message, f.Attempts, f.Runs, f.Item.Subject,
		})
	}
	for i := range s.Folders {
		f := &s.Folders[i]
		c.add(f, f.Items-held[f.ID], failed[f.ID])
	}
	return c
}

// add counts a folder, of which so many items are held as listed and so many failed.
func (c *Coverage) add(f *manifest.Folder, held, failed int64) {
	if f.LeftOut != "" {
		c.FoldersLeftOut++
		return
	}
	c.Counted += f.TotalItemCount
	c.Held += held
	c.LeftOut += f.ItemsLeftOut
	missing := max(0, f.TotalItemCount-held-f.ItemsLeftOut-failed)
	c.Missing += missing
	if missing > 0 || f.Error != "" {
		c.Gaps = append(c.Gaps, Gap{f.ID, f.Path, f.TotalItemCount, held, f.ItemsLeftOut, failed, f.Error})
	}
}
